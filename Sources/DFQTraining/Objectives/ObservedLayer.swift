public import DFQGraph

/// A layer that an objective looks at, by its role or by its name.
public enum ObservedLayer: Sendable, Hashable, Codable {
  /// The network's output.
  case logits
  /// The input of the last linear layer: the features that the classifier reads.
  case features
  /// The layer of that name, such as `layer3.2.bn2`.
  case named(String)

  /// The position of the layer's node in a network's graph.
  ///
  /// - Throws: ``NetworkError/noSuchLayer(name:)``, or ``NetworkError/missingLayers(what:why:)`` for
  ///   the features of a network without a linear layer.
  public func node(in network: Network) throws -> Int {
    switch self {
    case .logits: network.graph.output
    case .features: network.graph.nodes[try network.classifier().node].inputs[0]
    case .named(let name): try network.graph.position(of: name)
    }
  }
}
