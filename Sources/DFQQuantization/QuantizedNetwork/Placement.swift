import DFQEngine
package import DFQGraph

/// Where the quantizers of a network are: which outputs, which weights, with which bits, and what
/// each costs.
package struct Placement: Sendable, Equatable {
  /// A quantizer on a node's output.
  package struct Point: Sendable, Equatable {
    package let node: Int
    /// The candidates, ascending; one where the bits are static.
    package let bits: [Int]
    /// Whether the values are never negative, so that a symmetric grid needs no negative codes.
    package let nonNegative: Bool

    package var isDynamic: Bool { bits.count > 1 }
  }

  /// A layer with weights.
  package struct Layer: Sendable, Equatable {
    package let node: Int
    /// The bits of the weights, one for each bank; empty where they stay in floating point.
    ///
    /// More than one where the weights take the bits of their input.
    package let bankBits: [Int]
    /// The point its input comes from, nil where the input stays in floating point.
    package let inputPoint: Int?
    package let macs: Int

    /// The bits of the weights where they are the same for all images, nil in floating point or
    /// where they are not.
    package var bits: Int? { bankBits.count == 1 ? bankBits[0] : nil }
    package var isFloat: Bool { bankBits.isEmpty }
    package var followsInput: Bool { bankBits.count > 1 }
  }

  package let points: [Point]
  package let layers: [Layer]

  package init(_ graph: Graph, quantizer: Quantizer) throws {
    try quantizer.check()
    for rule in quantizer.overrides
    where !graph.nodes.contains(where: { Quantizer.matches(rule.pattern, $0.name) }) {
      throw QuantizationError.ruleMatchesNothing(pattern: rule.pattern)
    }
    var points: [Int: Point] = [:]
    for (position, node) in graph.nodes.enumerated() {
      guard let sign = node.layer.quantizedOutput else { continue }
      let rule = quantizer.override(for: node.name)
      if rule?.ignored == true { continue }
      points[position] = Point(
        node: position, bits: (rule?.activationBits ?? quantizer.activationBits).sorted(),
        nonNegative: sign == .nonNegative)
    }
    let consumers = graph.consumers()
    if quantizer.fullyQuantized {
      for layer in graph.weighted {
        let input = graph.nodes[layer].inputs[0]
        guard Placement.source(of: input, graph, isPoint: { points[$0] != nil }) == nil else {
          continue
        }
        let isClassifier = consumers[layer].isEmpty
        points[input] = Point(
          node: input,
          bits: input == 0 || isClassifier ? [8] : quantizer.activationBits,
          nonNegative: false)
      }
    }
    let ordered = points.sorted { $0.key < $1.key }.map(\.value)
    let indexOfNode = Dictionary(
      uniqueKeysWithValues: ordered.enumerated().map { ($1.node, $0) })
    self.points = ordered
    layers = graph.weighted.map { node in
      let rule = quantizer.override(for: graph.nodes[node].name)
      let source = Placement.source(
        of: graph.nodes[node].inputs[0], graph, isPoint: { indexOfNode[$0] != nil })
      let point = source.flatMap { indexOfNode[$0] }
      var bits = [rule?.weightBits ?? quantizer.weightBits]
      if quantizer.weightsFollowActivations, rule?.weightBits == nil, let point {
        bits = ordered[point].bits
      }
      return Layer(
        node: node, bankBits: rule?.ignored == true ? [] : bits, inputPoint: point,
        macs: graph.macs(node))
    }
  }

  /// The quantized node whose codes reach a node unchanged (through pooling by maximum, padding,
  /// copying), or nil.
  private static func source(of node: Int, _ graph: Graph, isPoint: (Int) -> Bool) -> Int? {
    var position = node
    while !isPoint(position) {
      guard graph.nodes[position].layer.passesCodesThrough else { return nil }
      position = graph.nodes[position].inputs[0]
    }
    return position
  }

  /// How many versions of the weights there are.
  package var banks: Int { max(1, layers.map(\.bankBits.count).max() ?? 1) }

  /// The positions of the points with more than one candidate.
  package var dynamicPoints: [Int] { points.indices.filter { points[$0].isDynamic } }
}
