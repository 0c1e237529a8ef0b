/// Names that are too long to be compared.
///
/// Text is compared by characters, and a letter with very many accents takes time in proportion to the square of their number: a name
/// of a few hundred kilobytes would take minutes.
protocol NamedMessage {
  /// The names that are compared.
  var names: [String] { get }
}

extension NamedMessage {
  /// The bytes of the first name that is too long, nil where there is none.
  var longName: Int? { names.lazy.map(\.utf8.count).first { $0 > ONNXLimits.nameBytes } }
}

extension Onnx_ModelProto: NamedMessage {
  var names: [String] { opsetImport.map(\.domain) + metadataProps.map(\.key) + [graph.name] }

  /// The bytes of the first name anywhere in the model that is too long, nil where there is none.
  var longNameInside: Int? {
    for value in graph.input + graph.output where value.longName != nil { return value.longName }
    for tensor in graph.initializer where tensor.longName != nil { return tensor.longName }
    for node in graph.node {
      if let count = node.longName { return count }
      for attribute in node.attribute {
        if let count = attribute.longName ?? attribute.t.longName { return count }
      }
    }
    return longName
  }
}

extension Onnx_ValueInfoProto: NamedMessage { var names: [String] { [name] } }

extension Onnx_NodeProto: NamedMessage {
  var names: [String] { [name, opType, domain] + input + output }
}

extension Onnx_AttributeProto: NamedMessage { var names: [String] { [name] } }

extension Onnx_TensorProto: NamedMessage {
  var names: [String] { [name] + externalData.flatMap { [$0.key, $0.value] } }
}
