import Foundation

/// Builds a graph: nodes in order, tensors by name, and names that are used once.
///
/// Graphs inside of `If` nodes share the tensors of the outermost one.
struct ONNXGraphWriter {
  /// The type of a tensor's elements.
  enum Element {
    case int4, uint4, int8, uint8, int64

    var type: Onnx_TensorProto.DataType {
      switch self {
      case .int4: .int4
      case .uint4: .uint4
      case .int8: .int8
      case .uint8: .uint8
      case .int64: .int64
      }
    }
  }

  private(set) var nodes: [Onnx_NodeProto] = []
  private(set) var tensors: [Onnx_TensorProto] = []
  private var names: Set<String> = []
  private var constants: [String: String] = [:]
  /// The domains of nodes that aren't ONNX's own, with their versions.
  private(set) var domains: [String: Int64] = [:]

  /// A name that nothing has yet.
  mutating func unique(_ name: String) -> String {
    var result = name
    var number = 1
    while !names.insert(result).inserted {
      number += 1
      result = "\(name)_\(number)"
    }
    return result
  }

  /// Adds a node with one output and returns its name.
  mutating func add(
    _ operation: String, _ inputs: [String], _ name: String,
    attributes: [Onnx_AttributeProto] = [], domain: String? = nil
  ) -> String {
    add(operation, inputs, outputs: [name], attributes: attributes, domain: domain)[0]
  }

  /// Adds a node and returns the names of its outputs.
  mutating func add(
    _ operation: String, _ inputs: [String], outputs: [String],
    attributes: [Onnx_AttributeProto] = [], domain: String? = nil
  ) -> [String] {
    let outputs = outputs.map { unique($0) }
    append(operation, inputs, outputs, attributes, domain)
    return outputs
  }

  private mutating func append(
    _ operation: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [Onnx_AttributeProto], _ domain: String?
  ) {
    var node = Onnx_NodeProto()
    node.opType = operation
    node.input = inputs
    node.output = outputs
    node.name = outputs[0]
    node.attribute = attributes
    if let domain {
      node.domain = domain
      domains[domain] = 1
    }
    nodes.append(node)
  }

  /// Gives a value a name that it must have, such as that of an output.
  mutating func rename(_ value: String, to name: String) {
    names.insert(name)
    append("Identity", [value], [name], [], nil)
  }

  /// Runs `body` on a graph of its own, which may read this one's values, and returns its nodes.
  mutating func subgraph(_ body: (inout ONNXGraphWriter) throws -> [String]) rethrows
    -> Onnx_GraphProto
  {
    let outer = nodes
    nodes = []
    let outputs = try body(&self)
    var graph = Onnx_GraphProto()
    graph.name = unique("branch")
    graph.node = nodes
    graph.output = outputs.map { name in
      var value = Onnx_ValueInfoProto()
      value.name = name
      return value
    }
    nodes = outer
    return graph
  }

  // MARK: Tensors

  /// A tensor of numbers.
  mutating func floats(_ values: [Float], shape: [Int], _ name: String) -> String {
    var tensor = Onnx_TensorProto()
    tensor.dataType = Int32(Onnx_TensorProto.DataType.float.rawValue)
    tensor.dims = shape.map(Int64.init)
    tensor.rawData = Data(values.flatMap { $0.bitPattern.littleEndianBytes })
    return insert(tensor, name)
  }

  /// A tensor of numbers in double precision.
  mutating func doubles(_ values: [Float], shape: [Int], _ name: String) -> String {
    var tensor = Onnx_TensorProto()
    tensor.dataType = Int32(Onnx_TensorProto.DataType.double.rawValue)
    tensor.dims = shape.map(Int64.init)
    tensor.rawData = Data(values.flatMap { Double($0).bitPattern.littleEndianBytes })
    return insert(tensor, name)
  }

  /// A single number, which all who need it share.
  mutating func scalar(_ value: Float) -> String {
    let key = "number \(value.bitPattern)"
    if let name = constants[key] { return name }
    let name = floats([value], shape: [], "number")
    constants[key] = name
    return name
  }

  /// A list of whole numbers, which all who need it share.
  mutating func list(_ values: [Int]) -> String {
    let key = "list \(values)"
    if let name = constants[key] { return name }
    let name = integers(values, shape: [values.count], .int64, "list")
    constants[key] = name
    return name
  }

  /// A tensor of whole numbers, which must fit its type.
  mutating func integers(_ values: [Int], shape: [Int], _ element: Element, _ name: String)
    -> String
  {
    var tensor = Onnx_TensorProto()
    tensor.dataType = Int32(element.type.rawValue)
    tensor.dims = shape.map(Int64.init)
    switch element {
    case .int64:
      tensor.rawData = Data(
        values.flatMap { UInt64(bitPattern: Int64($0)).littleEndianBytes })
    case .int8, .uint8: tensor.rawData = Data(values.map { UInt8(truncatingIfNeeded: $0) })
    case .int4, .uint4:
      // Two codes a byte, the first one in the lower half.
      tensor.rawData = Data(
        stride(from: 0, to: values.count, by: 2).map { place in
          let low = UInt8(truncatingIfNeeded: values[place]) & 15
          let high = place + 1 < values.count ? values[place + 1] : 0
          return low | UInt8(truncatingIfNeeded: high) << 4
        })
    }
    return insert(tensor, name)
  }

  private mutating func insert(_ tensor: Onnx_TensorProto, _ name: String) -> String {
    var tensor = tensor
    tensor.name = unique(name)
    tensors.append(tensor)
    return tensor.name
  }
}

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] {
    withUnsafeBytes(of: littleEndian) { Array($0) }
  }
}

extension Onnx_AttributeProto {
  static func int(_ name: String, _ value: Int) -> Self {
    var attribute = make(name, .int)
    attribute.i = Int64(value)
    return attribute
  }

  static func ints(_ name: String, _ values: [Int]) -> Self {
    var attribute = make(name, .ints)
    attribute.ints = values.map(Int64.init)
    return attribute
  }

  static func float(_ name: String, _ value: Float) -> Self {
    var attribute = make(name, .float)
    attribute.f = value
    return attribute
  }

  static func string(_ name: String, _ value: String) -> Self {
    var attribute = make(name, .string)
    attribute.s = Data(value.utf8)
    return attribute
  }

  static func tensor(_ name: String, _ value: Onnx_TensorProto) -> Self {
    var attribute = make(name, .tensor)
    attribute.t = value
    return attribute
  }

  static func graph(_ name: String, _ value: Onnx_GraphProto) -> Self {
    var attribute = make(name, .graph)
    attribute.g = value
    return attribute
  }

  private static func make(_ name: String, _ type: AttributeType) -> Self {
    var attribute = Self()
    attribute.name = name
    attribute.type = type
    return attribute
  }
}
