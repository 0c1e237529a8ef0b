public import DFQEngine
public import DFQGraph
public import DFQTensor

/// A scale of its own for every channel of an activation, found from batch norm and folded into
/// weights: SPIQ (Yvinec et al., "SPIQ: Data-Free Per-Channel Static Input Quantization", WACV 2023).
///
/// A layer computes sum_c W_c x_c = sum_c (W_c s_c) (x_c / s_c). With s_c the range of channel c all
/// x_c / s_c fill one grid, so that the usual grid of a whole tensor quantizes each channel by its own
/// range, and integers are multiplied as before. The range of a channel behind a batch norm is
/// beta_c + n |gamma_c|, at least 0 behind ReLU. Channels that meet in residual sums share the largest
/// range of all branches.
///
/// The network computes the same in floating point. Use it with
/// ``RangeRule/batchNormStatistics(deviations:)`` to need no images for ranges.
public struct SPIQ: DataFreeTransform {
  /// Its name in recipes and checkpoints.
  public static var kind: String { "spiq" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "Every channel of an activation has its own range, folded into the weights around it.",
    cost: 0,
    reference: .init(
      "Yvinec et al.", "SPIQ: Data-Free Per-Channel Static Input Quantization", "WACV", 2023),
    formula: "sum (W_c s_c) (x_c / s_c), s_c = beta_c + n |gamma_c|", page: "SPIQ")

  /// The deviations n; nil for those of the quantizer's range rule, or else by the bits of
  /// activations: 2 + bits / 2, so 4 at 4 bits and 6 at 8 bits.
  public var deviations: Double?
  /// The most that a channel is scaled by relative to the channel with the largest range.
  public var limit: Double

  /// Makes the transform.
  public init(deviations: Double? = nil, limit: Double = 1000) {
    self.deviations = deviations
    self.limit = limit
  }

  /// Throws where a setting is out of bounds.
  public func check() throws {
    if let deviations {
      try demand(
        deviations > 0 && deviations <= 1000, "deviations above 0 and at most 1000", deviations)
    }
    try demand(limit >= 1 && limit <= 1e6, "a limit in 1...1000000", limit)
  }

  /// The deviations for a quantizer.
  package func deviations(for quantizer: Quantizer) -> Double {
    if let deviations { return deviations }
    if case .batchNormStatistics(let own) = quantizer.activations.range { return Double(own) }
    return 2 + Double(quantizer.activationBits.last ?? 8) / 2
  }

  /// Returns the network whose channels have equal ranges.
  public func transformed(
    _ network: Network, for quantizer: Quantizer, context: ExecutionContext
  ) throws -> TransformedNetwork {
    try refuseReLU6(network)
    let moments = NormalMoments(network)
    let deviations = deviations(for: quantizer)
    let ranges = network.graph.nodes.indices.map { moments.reach($0, deviations: deviations) }
    var edit = EditableNetwork(network)
    let placement = try quantizer.placement(in: network.graph)
    let points = Set(placement.points.map(\.node))
    let classes = ScalableChannels(network.graph).classes
    // What quantized tensors the classes meet in; each set of tensors has one largest range.
    var groups = Groups(count: network.graph.nodes.count)
    for place in classes { groups.join(place.outputs.map(\.node).filter(points.contains)) }
    var largest: [Int: Double] = [:]
    let found = classes.map { place -> (range: Double, group: Int)? in
      let outputs = place.outputs.filter { points.contains($0.node) }
      guard let first = outputs.first else { return nil }
      let range = outputs.map { ranges[$0.node][$0.channel] }.max() ?? 0
      let group = groups.root(first.node)
      largest[group] = max(largest[group] ?? 0, range)
      return (range, group)
    }
    var scaled = 0
    for (place, own) in zip(classes, found) {
      guard let own, !place.isFixed, let top = largest[own.group], top > 0 else { continue }
      let factor = top / max(own.range, top / limit)
      guard factor != 1 else { continue }
      scaled += 1
      for source in place.sources { edit.scaleOutput(of: source.node, source.channel, by: factor) }
      for consumer in place.consumers {
        edit.scaleInput(of: consumer.node, consumer.channel, by: 1 / factor)
      }
    }
    return TransformedNetwork(
      network: try edit.edited(), notes: ["\(scaled) channels, \(Set(largest.keys).count) ranges"])
  }
}

/// Nodes that belong together.
private struct Groups {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func root(_ node: Int) -> Int {
    var node = node
    while parents[node] != node {
      parents[node] = parents[parents[node]]
      node = parents[node]
    }
    return node
  }

  mutating func join(_ nodes: [Int]) {
    guard let first = nodes.first else { return }
    for node in nodes.dropFirst() {
      let (a, b) = (root(first), root(node))
      parents[max(a, b)] = min(a, b)
    }
  }
}
