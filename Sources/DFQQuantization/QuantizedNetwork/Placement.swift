import DFQEngine
import DFQGraph

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
    /// The pattern of the rule that took effect, nil where none did.
    package let rule: String?

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
    /// The pattern of the rule that took effect, nil where none did.
    package let rule: String?

    /// The bits of the weights where they are the same for all images, nil in floating point or
    /// where they are not.
    package var bits: Int? { bankBits.count == 1 ? bankBits[0] : nil }
    package var isFloat: Bool { bankBits.isEmpty }
    package var followsInput: Bool { bankBits.count > 1 }
  }

  package let points: [Point]
  package let layers: [Layer]

  init(_ graph: Graph, quantizer: Quantizer) throws {
    try quantizer.check()
    for rule in quantizer.overrides
    where !graph.nodes.contains(where: { Quantizer.matches(rule.pattern, $0.name) }) {
      throw QuantizationError.ruleMatchesNothing(pattern: rule.pattern)
    }
    var points: [Int: Point] = [:]
    // The nodes whose rule is known, quantized or not.
    var settled: Set<Int> = []
    func add(_ node: Int, bits: [Int], nonNegative: Bool) {
      let rule = quantizer.rule(
        forValueOf: graph.nodes[node].name,
        fedBy: Placement.feeding(node, graph, settled: settled))
      settled.insert(node)
      if rule?.ignored == true { return }
      points[node] = Point(
        node: node, bits: rule?.activationBits ?? bits, nonNegative: nonNegative,
        rule: rule?.pattern)
    }
    let signs = Placement.signs(graph)
    let concatenations = Placement.readConcatenations(graph)
    let rounded = Placement.nodesRounded(by: concatenations, graph)
    for (position, node) in graph.nodes.enumerated() {
      guard concatenations.contains(position) || node.layer.quantizedOutput != nil,
        !rounded.contains(position)
      else { continue }
      add(
        position, bits: quantizer.activationBits, nonNegative: signs[position] == .nonNegative)
    }
    if quantizer.fullyQuantized {
      let consumers = graph.consumers()
      for layer in graph.weighted {
        let input = graph.nodes[layer].inputs[0]
        guard Placement.source(of: input, graph, isPoint: { points[$0] != nil }) == nil else {
          continue
        }
        let isClassifier = consumers[layer].isEmpty
        add(
          input, bits: input == 0 || isClassifier ? [8] : quantizer.activationBits,
          nonNegative: false)
      }
    }
    let ordered = points.sorted { $0.key < $1.key }.map(\.value)
    let indexOfNode = Dictionary(
      uniqueKeysWithValues: ordered.enumerated().map { ($1.node, $0) })
    self.points = ordered
    layers = graph.weighted.map { node in
      let rule = quantizer.rule(forWeightsOf: graph.nodes[node].name)
      let source = Placement.source(
        of: graph.nodes[node].inputs[0], graph, isPoint: { indexOfNode[$0] != nil })
      let point = source.flatMap { indexOfNode[$0] }
      var bits = [rule?.weightBits ?? quantizer.weightBits]
      if quantizer.weightsFollowActivations, rule?.weightBits == nil, let point {
        bits = ordered[point].bits
      }
      return Layer(
        node: node, bankBits: rule?.ignored == true ? [] : bits, inputPoint: point,
        macs: graph.macs(node), rule: rule?.pattern)
    }
  }

  /// The names of the layers that feed a node's value: back to the next layers with weights, and to
  /// the next values that have a rule of their own.
  ///
  /// A value with a rule of its own counts where the node only copies it, as pooling by maximum does.
  private static func feeding(_ node: Int, _ graph: Graph, settled: Set<Int>) -> [String] {
    let weighted = Set(graph.weighted)
    var names: [String] = []
    var seen = Set([node])
    var open = [(node: node, copies: true)]
    while let next = open.popLast() {
      let copies = next.copies && graph.nodes[next.node].layer.passesCodesThrough
      for input in graph.nodes[next.node].inputs where seen.insert(input).inserted {
        if settled.contains(input) {
          if copies { names.append(graph.nodes[input].name) }
          continue
        }
        names.append(graph.nodes[input].name)
        if !weighted.contains(input) { open.append((input, copies)) }
      }
    }
    return names
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

  /// The number of versions of the weights.
  package var banks: Int { max(1, layers.map(\.bankBits.count).max() ?? 1) }

  /// The positions of the points with more than one candidate.
  package var dynamicPoints: [Int] { points.indices.filter { points[$0].isDynamic } }
}
