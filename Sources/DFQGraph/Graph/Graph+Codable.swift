import DFQFiles
import Foundation

extension Graph: Codable {
  /// The version of the format that this package writes.
  private static let version = 1

  /// The types of layers that come with the package.
  public static let layerTypes: [any Layer.Type] = [
    InputLayer.self, Convolution.self, BatchNorm.self, Activation.self, Sum.self,
    PadChannels.self, MaxPool.self, AveragePool.self, GlobalAveragePool.self, Linear.self,
    Upsample.self, Flatten.self, Reshape.self, PReLU.self, Product.self, Concatenation.self,
    LayerNorm.self, ChannelAffine.self, PadMap.self, ChannelSelection.self,
    LocalResponseNormalization.self,
  ]

  private enum CodingKeys: String, CodingKey { case version, nodes }
  private enum NodeKeys: String, CodingKey { case name, kind, inputs, settings }

  /// Writes the version and the nodes: name, kind of layer, settings and the inputs' positions.
  ///
  /// Shapes aren't written; reading infers them again.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Graph.version, forKey: .version)
    var list = container.nestedUnkeyedContainer(forKey: .nodes)
    for node in nodes {
      var item = list.nestedContainer(keyedBy: NodeKeys.self)
      try item.encode(node.name, forKey: .name)
      try item.encode(type(of: node.layer).kind, forKey: .kind)
      if !node.inputs.isEmpty { try item.encode(node.inputs, forKey: .inputs) }
      try item.encode(node.layer, forKey: .settings)
    }
  }

  /// Reads a graph and infers and checks every shape.
  ///
  /// Layers of types outside the package are read where `decoder.userInfo[.layerTypes]` lists their
  /// types.
  ///
  /// - Throws: `DecodingError` for what isn't a graph, ``NetworkError`` for layers that don't fit.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let version = try container.decode(Int.self, forKey: .version)
    guard version == Graph.version else {
      throw DecodingError.dataCorruptedError(
        forKey: .version, in: container,
        debugDescription: "version \(version) is not supported, only \(Graph.version)")
    }
    let types = try Graph.types(decoder.userInfo[.layerTypes] as? [any Layer.Type] ?? [])
    var list = try container.nestedUnkeyedContainer(forKey: .nodes)
    func corrupted(_ text: String) -> DecodingError {
      .dataCorruptedError(in: list, debugDescription: text)
    }
    var builder: GraphBuilder?
    while !list.isAtEnd {
      let item = try list.nestedContainer(keyedBy: NodeKeys.self)
      let name = try item.decode(String.self, forKey: .name)
      let kind = try item.decode(String.self, forKey: .kind)
      let inputs = try item.decodeIfPresent([Int].self, forKey: .inputs) ?? []
      guard let type = types[kind] else {
        throw corrupted("layer \(name.oneLine): the kind \"\(kind.oneLine)\" is not known")
      }
      let layer = try type.read(item, .settings)
      if builder == nil {
        guard let input = layer as? InputLayer, inputs.isEmpty, name == "input" else {
          throw corrupted("the first layer must be \"input\", found \(name.oneLine)")
        }
        builder = GraphBuilder(input: input.shape)
      } else {
        try builder!.add(name, layer, inputs: inputs)
      }
    }
    guard let builder, builder.count > 1 else { throw corrupted("a graph needs a layer") }
    self = builder.build()
  }

  /// Reads a graph from JSON text that `json()` wrote.
  ///
  /// - Parameters:
  ///   - json: The text.
  ///   - layers: The types of layers from outside the package.
  /// - Throws: ``NetworkError/badGraph(reason:)``.
  public init(json: String, layers: [any Layer.Type] = []) throws {
    guard json.utf8.count <= GraphLimits.textBytes else {
      throw NetworkError.badGraph(reason: "the text has more than \(GraphLimits.textBytes) bytes")
    }
    let decoder = JSONDecoder()
    decoder.userInfo[.layerTypes] = layers
    do {
      self = try decoder.decode(Graph.self, from: Data(json.utf8))
    } catch let error as DecodingError {
      throw NetworkError.badGraph(reason: error.reason)
    } catch {
      throw NetworkError.badGraph(reason: "\(error)")
    }
  }

  /// Returns the graph as JSON text, the same text for equal graphs.
  ///
  /// - Throws: `EncodingError` where a layer's settings can't be written as JSON.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// The types by kind; a kind that is declared twice is an error.
  private static func types(_ more: [any Layer.Type]) throws -> [String: any Layer.Type] {
    var result: [String: any Layer.Type] = [:]
    for type in layerTypes + more {
      if let other = result.updateValue(type, forKey: type.kind), other != type {
        throw NetworkError.badGraph(
          reason: "\(type) and \(other) both have the kind \"\(type.kind)\"")
      }
    }
    return result
  }
}

extension CodingUserInfoKey {
  /// The types of layers from outside the package that a decoded graph may use: `[any Layer.Type]`.
  public static let layerTypes = CodingUserInfoKey(rawValue: "org.dynadfq.layerTypes")!
}

extension Layer {
  /// Reads a layer of this type.
  fileprivate static func read<Key: CodingKey>(
    _ container: KeyedDecodingContainer<Key>, _ key: Key
  ) throws -> any Layer {
    try container.decode(Self.self, forKey: key)
  }
}

extension DecodingError {
  /// What is wrong, on one line.
  fileprivate var reason: String {
    let context: Context? =
      switch self {
      case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .keyNotFound(_, let context), .dataCorrupted(let context):
        context
      @unknown default: nil
      }
    guard let context else { return "not a graph" }
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return (path.isEmpty ? "" : path.joined(separator: ".") + ": ") + context.debugDescription
  }
}
