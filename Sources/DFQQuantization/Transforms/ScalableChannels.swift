import DFQGraph

/// Which channels of a network can be scaled together without changing what it computes.
///
/// A channel is made by a batch norm or a layer with weights and read by layers with weights; on the
/// way, activations, pools, sums and copies pass a positive factor on. Everything that must have the
/// same factor is one class: the branches of a residual sum are, channel by channel.
struct ScalableChannels {
  /// A channel of a node's output, or of a layer's input.
  struct Place: Hashable {
    let node: Int
    let channel: Int
  }

  /// Places that share a factor.
  struct Class {
    /// Batch norms and layers with weights that make the channel.
    var sources: [Place] = []
    /// Layers with weights that read the channel.
    var consumers: [Place] = []
    /// All outputs that hold it.
    var outputs: [Place] = []
    /// Whether something on the way takes no factor.
    var isFixed = false
    /// Whether a sum or a padding is on the way.
    var isShared = false
  }

  private(set) var classes: [Class] = []

  init(_ graph: Graph) {
    var union = ChannelUnion(graph)
    union.connect()
    var positions: [Int: Int] = [:]
    func index(_ root: Int, _ classes: inout [Class]) -> Int {
      if let known = positions[root] { return known }
      positions[root] = classes.count
      classes.append(Class())
      return classes.count - 1
    }
    var classes: [Class] = []
    for node in graph.nodes.indices {
      for channel in 0..<union.channels(node) {
        let position = index(union.root(node, channel), &classes)
        classes[position].outputs.append(Place(node: node, channel: channel))
      }
    }
    for place in union.sources {
      classes[index(union.root(place.node, place.channel), &classes)].sources.append(place)
    }
    for (input, place) in union.consumers {
      classes[index(union.root(input, place.channel), &classes)].consumers.append(place)
    }
    for node in union.fixed {
      for channel in 0..<union.channels(node) {
        classes[index(union.root(node, channel), &classes)].isFixed = true
      }
    }
    for node in union.shared {
      for channel in 0..<union.channels(node) {
        classes[index(union.root(node, channel), &classes)].isShared = true
      }
    }
    self.classes = classes
  }

  /// Chains from one source to one consumer, in the order of their sources: what cross-layer
  /// equalization scales.
  ///
  /// Classes behind a sum belong to no chain.
  var pairs: [ChannelPair] {
    var found: [[Int]: ChannelPair] = [:]
    for place in classes {
      guard !place.isFixed, !place.isShared, place.sources.count == 1,
        let consumer = place.consumers.first?.node,
        place.consumers.allSatisfy({ $0.node == consumer })
      else { continue }
      let source = place.sources[0]
      let nodes = Set(place.outputs.map(\.node))
      let key = [source.node, consumer]
      found[
        key, default: ChannelPair(source: source.node, consumer: consumer, nodes: nodes)
      ].channels.append(
        .init(output: source.channel, inputs: place.consumers.map(\.channel).sorted()))
    }
    return found.values.map { pair in
      var pair = pair
      pair.channels.sort { $0.output < $1.output }
      return pair
    }.sorted { ($0.source, $0.consumer) < ($1.source, $1.consumer) }
  }
}

/// Two layers of which the second alone reads what the first makes.
struct ChannelPair {
  /// A channel of the source's output and the channels of the consumer's input that hold it: one, or
  /// one for each position of a flattened map.
  struct Channel: Hashable {
    let output: Int
    let inputs: [Int]
  }

  /// The batch norm or layer with weights that makes the channels.
  let source: Int
  /// The layer with weights that reads them.
  let consumer: Int
  /// The source and the nodes between the two.
  let nodes: Set<Int>
  /// The channels, in the order of the source.
  var channels: [Channel] = []
}

/// Joins channels that must share a factor.
private struct ChannelUnion {
  private let graph: Graph
  private let starts: [Int]
  private var parents: [Int]
  private(set) var sources: [ScalableChannels.Place] = []
  /// The node that a layer reads, and the layer with the channel of its input.
  private(set) var consumers: [(input: Int, place: ScalableChannels.Place)] = []
  private(set) var fixed: Set<Int> = [0]
  private(set) var shared: Set<Int> = []

  init(_ graph: Graph) {
    self.graph = graph
    var count = 0
    starts = graph.nodes.map { node in
      defer { count += node.outputShape.dimensions.last ?? 1 }
      return count
    }
    parents = Array(0..<count)
    fixed.insert(graph.output)
  }

  func channels(_ node: Int) -> Int { graph.nodes[node].outputShape.dimensions.last ?? 1 }

  mutating func root(_ node: Int, _ channel: Int) -> Int {
    var position = starts[node] + channel
    while parents[position] != position {
      parents[position] = parents[parents[position]]
      position = parents[position]
    }
    return position
  }

  private mutating func join(_ node: Int, _ input: Int, _ map: (Int) -> Int?) {
    for channel in 0..<channels(node) {
      guard let other = map(channel) else { continue }
      let (a, b) = (root(node, channel), root(input, other))
      parents[max(a, b)] = min(a, b)
    }
  }

  mutating func connect() {
    for (position, node) in graph.nodes.enumerated() where !node.inputs.isEmpty {
      connect(position, node)
    }
  }

  private mutating func connect(_ position: Int, _ node: Graph.Node) {
    let input = node.inputs[0]
    func makes() {
      sources += (0..<channels(position)).map { .init(node: position, channel: $0) }
    }
    switch node.layer {
    case is Convolution, is Linear:
      makes()
      for channel in 0..<channels(input) {
        consumers.append((input, .init(node: position, channel: channel)))
      }
    case let norm as BatchNorm:
      // Its statistics absorb any factor of its input; whoever scales its output scales that too.
      makes()
      fixed.insert(input)
      if !norm.affine { fixed.insert(position) }
    case Activation.relu, Activation.leakyReLU, is MaxPool, is AveragePool, is GlobalAveragePool,
      is Upsample:
      join(position, input) { $0 }
    case is Sum:
      for input in node.inputs { join(position, input) { $0 } }
      shared.insert(position)
    case let pad as PadChannels:
      let count = channels(input)
      join(position, input) { channel in
        let source = channel - pad.before
        return (0..<count).contains(source) ? source : nil
      }
      shared.insert(position)
    case let selection as ChannelSelection:
      // Shared: a pair of layers has no layer between them whose channels are numbered anew.
      join(position, input) { selection.indices[$0] }
      shared.insert(position)
    case is Flatten:
      let count = channels(input)
      join(position, input) { $0 % count }
    default:
      fixed.formUnion(node.inputs)
      fixed.insert(position)
    }
  }
}
