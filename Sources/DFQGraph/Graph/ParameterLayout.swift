public import DFQTensor

/// Where each named parameter of a network lies in one flat vector.
///
/// Convolution weights are KH KW I/groups O, linear weights I O, everything else C.
public struct ParameterLayout: Hashable, Sendable {
  /// What a parameter is for.
  public enum Role: String, Hashable, Sendable {
    /// A convolution's or linear layer's weights.
    case weight
    /// A bias.
    case bias
    /// The scale gamma of a normalization, or of a layer that only scales channels.
    case normScale
    /// The shift beta of a normalization, or of a layer that only shifts channels.
    case normShift
    /// Batch norm's running mean.
    case runningMean
    /// Batch norm's running variance.
    case runningVariance
    /// Any other parameter that learns.
    case other

    /// Whether gradients reach it.
    public var isLearned: Bool { self != .runningMean && self != .runningVariance }
  }

  /// One parameter.
  public struct Entry: Hashable, Sendable {
    /// The name in checkpoints, such as `layer1.0.bn1.running_mean`.
    public let name: String
    /// The name within the layer, such as `running_mean`.
    public let localName: String
    /// The position of the graph's node it belongs to.
    public let node: Int
    /// What it is for.
    public let role: Role
    /// Its shape.
    public let shape: Shape
    /// The value a new parameter starts with, or nil for the usual value of its role.
    public let initialValue: Float?
    /// Its place in the flat vector.
    public let range: Range<Int>
  }

  /// The parameters in the order of the graph.
  public let entries: [Entry]
  /// The length of the flat vector.
  public let count: Int
  private let byNode: [Int: [Int]]

  /// Lays out the parameters of a graph.
  public init(_ graph: Graph) {
    var entries: [Entry] = []
    var count = 0
    func append(_ node: Int, _ parameter: LayerParameter) {
      entries.append(
        .init(
          name: "\(graph.nodes[node].name).\(parameter.name)", localName: parameter.name,
          node: node, role: parameter.role,
          shape: parameter.shape, initialValue: parameter.initialValue,
          range: count..<count + parameter.shape.count))
      count += parameter.shape.count
    }
    for (position, node) in graph.nodes.enumerated() {
      for parameter in node.layer.parameters(of: graph.inputShapes(position)) {
        append(position, parameter)
      }
    }
    self.entries = entries
    self.count = count
    byNode = Dictionary(grouping: entries.indices, by: { entries[$0].node })
  }

  /// The parameter of a node with a role, or nil.
  public func entry(node: Int, _ role: Role) -> Entry? {
    byNode[node]?.lazy.map { entries[$0] }.first { $0.role == role }
  }

  /// The parameter with a name, or nil.
  public func entry(named name: String) -> Entry? { entries.first { $0.name == name } }
}
