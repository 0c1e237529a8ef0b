/// A graph that is written node by node, whatever it is told; its values have the names v1, v2 and so on.
struct HostileGraph {
  /// An attribute of a node.
  enum Attribute {
    case int(String, Int)
    case ints(String, [Int])
    case float(String, Float)
    case floats(String, [Float])
    case text(String, String)
    case tensor(String, HostileMessage)
  }

  /// The extents of the input; nil for one that the file leaves open.
  var image: [Int?] = [1, 2, 6, 6]
  var opset = 17
  /// Whether the input's channels are its last axis.
  var isChannelsLast = false
  var name = "tiny"
  var metadata: [(String, String)] = []
  var output = "image"
  /// The operators of all nodes.
  private(set) var operators: [String] = []
  private var nodes: [HostileMessage] = []
  private var tensors: [HostileMessage] = []
  private var count = 0

  init(_ image: [Int?] = [1, 2, 6, 6], opset: Int = 17) {
    self.image = image
    self.opset = opset
  }

  /// A new name.
  private mutating func value() -> String {
    count += 1
    return "v\(count)"
  }

  /// Adds a node with one output, which becomes the graph's, and returns its name.
  @discardableResult
  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [Attribute] = [], name: String = "",
    domain: String = ""
  ) -> String {
    output = value()
    operators.append(operation)
    nodes.append(
      HostileGraph.node(operation, inputs, [output], attributes, name: name, domain: domain))
    return output
  }

  /// Adds a node with several outputs and returns their names; the last one becomes the graph's.
  mutating func add(
    _ operation: String, _ inputs: [String], outputs count: Int, _ attributes: [Attribute] = []
  ) -> [String] {
    let outputs = (0..<count).map { _ in value() }
    output = outputs.last ?? output
    operators.append(operation)
    nodes.append(HostileGraph.node(operation, inputs, outputs, attributes))
    return outputs
  }

  /// Adds a node that is already written.
  mutating func add(node: HostileMessage) { nodes.append(node) }

  /// Adds a tensor that is already written.
  mutating func add(tensor: HostileMessage) { tensors.append(tensor) }

  /// A constant of floats, which repeat.
  mutating func floats(_ shape: [Int], _ values: [Float]) -> String {
    let count = shape.reduce(1, *)
    let raw = HostileMessage.bytes(of: (0..<count).map { values[$0 % values.count] })
    let name = value()
    tensors.append(HostileGraph.tensor(name, shape, type: 1, raw: raw))
    return name
  }

  /// A constant of whole numbers, a list unless a shape is given.
  mutating func integers(_ values: [Int], _ shape: [Int]? = nil) -> String {
    let name = value()
    var tensor = HostileGraph.tensor(name, shape ?? [values.count], type: 7)
    tensor.packed(7, values)
    tensors.append(tensor)
    return name
  }

  /// The number of channels of an image.
  var channels: Int { image[isChannelsLast ? 3 : 1] ?? 1 }

  /// The bytes of the file.
  var bytes: [UInt8] {
    var graph = HostileMessage()
    for node in nodes { graph.message(1, node) }
    graph.text(2, name)
    for tensor in tensors { graph.message(5, tensor) }
    graph.message(11, HostileGraph.value("image", image))
    graph.message(12, HostileGraph.value(output, [1, 3]))
    var model = HostileMessage()
    model.number(1, 8)
    model.message(7, graph)
    var version = HostileMessage()
    version.number(2, opset)
    model.message(8, version)
    for (key, text) in metadata {
      var entry = HostileMessage()
      entry.text(1, key)
      entry.text(2, text)
      model.message(14, entry)
    }
    return model.bytes
  }

  // MARK: Messages

  static func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], _ attributes: [Attribute] = [],
    name: String = "", domain: String = ""
  ) -> HostileMessage {
    var node = HostileMessage()
    for input in inputs { node.text(1, input) }
    for output in outputs { node.text(2, output) }
    if !name.isEmpty { node.text(3, name) }
    node.text(4, operation)
    for attribute in attributes { node.message(5, message(attribute)) }
    if !domain.isEmpty { node.text(7, domain) }
    return node
  }

  static func tensor(
    _ name: String, _ shape: [Int], type: Int, raw: [UInt8]? = nil
  ) -> HostileMessage {
    var tensor = HostileMessage()
    for extent in shape { tensor.number(1, extent) }
    tensor.number(2, type)
    tensor.text(8, name)
    if let raw { tensor.bytes(9, raw) }
    return tensor
  }

  /// A tensor whose data are in another file.
  static func external(
    _ name: String, _ shape: [Int], _ fields: [(String, String)]
  ) -> HostileMessage {
    var tensor = tensor(name, shape, type: 1)
    for (key, text) in fields {
      var entry = HostileMessage()
      entry.text(1, key)
      entry.text(2, text)
      tensor.message(13, entry)
    }
    tensor.number(14, 1)
    return tensor
  }

  private static func message(_ attribute: Attribute) -> HostileMessage {
    var message = HostileMessage()
    switch attribute {
    case .int(let name, let value):
      message.text(1, name)
      message.number(3, value)
      message.number(20, 2)
    case .ints(let name, let values):
      message.text(1, name)
      for value in values { message.number(8, value) }
      message.number(20, 7)
    case .float(let name, let value):
      message.text(1, name)
      message.float(2, value)
      message.number(20, 1)
    case .floats(let name, let values):
      message.text(1, name)
      for value in values { message.float(7, value) }
      message.number(20, 6)
    case .text(let name, let text):
      message.text(1, name)
      message.text(4, text)
      message.number(20, 3)
    case .tensor(let name, let tensor):
      message.text(1, name)
      message.message(5, tensor)
      message.number(20, 4)
    }
    return message
  }

  private static func value(_ name: String, _ extents: [Int?]) -> HostileMessage {
    var (shape, tensor, type, value) = (
      HostileMessage(), HostileMessage(), HostileMessage(), HostileMessage()
    )
    for extent in extents {
      var dimension = HostileMessage()
      if let extent { dimension.number(1, extent) } else { dimension.text(2, "open") }
      shape.message(1, dimension)
    }
    tensor.number(1, 1)
    tensor.message(2, shape)
    type.message(1, tensor)
    value.text(1, name)
    value.message(2, type)
    return value
  }
}
