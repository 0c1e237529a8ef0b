import DFQGraph
import DFQQuantization

/// Which values of a network are written to memory, where they are read, and how long they are kept.
///
/// Stored are the image, every quantized output, what a layer with weights reads, and the logits.
/// Everything else is computed on the way from one of them to the next: normalizations, sums and
/// activations take no memory, and layers that only copy read the value that they copy. What happens
/// between two layers with weights counts with the first of them.
struct StoredValues {
  private let graph: Graph
  private let weighted: [Int]
  /// By stored node.
  private var isStored: [Bool]
  private var points: [Int: Int] = [:]
  /// The last node that reads each stored node.
  private var lastReader: [Int]
  /// Stored nodes read and written by each layer with weights, in order.
  private(set) var reads: [[Int]]
  private(set) var writes: [[Int]]

  init(_ student: QuantizedNetwork) {
    graph = student.network.graph
    weighted = student.placement.layers.map(\.node)
    isStored = [Bool](repeating: false, count: graph.nodes.count)
    lastReader = [Int](repeating: -1, count: graph.nodes.count)
    reads = weighted.map { _ in [] }
    writes = reads
    for (index, point) in student.placement.points.enumerated() {
      points[point.node] = index
      isStored[point.node] = true
    }
    isStored[0] = true
    isStored[graph.output] = true
    for layer in weighted {
      var source = graph.nodes[layer].inputs[0]
      while !isStored[source], graph.nodes[source].layer.passesCodesThrough {
        source = graph.nodes[source].inputs[0]
      }
      isStored[source] = true
    }
    guard !weighted.isEmpty else { return }
    for (position, node) in graph.nodes.enumerated() {
      let layer = self.layer(at: position)
      if isStored[position], position > 0 { writes[layer].append(position) }
      guard isStored[position] || !node.layer.passesCodesThrough else { continue }
      for input in node.inputs {
        guard let source = stored(input) else { continue }
        reads[layer].append(source)
        lastReader[source] = position
      }
    }
    lastReader[graph.output] = graph.nodes.count
  }

  /// The layer with weights that a node counts with: the last one up to it, or the first one.
  private func layer(at node: Int) -> Int { max(0, weighted.count { $0 <= node } - 1) }

  /// The stored node whose values a node has, nil where it is computed on the way.
  private func stored(_ node: Int) -> Int? {
    var source = node
    while !isStored[source] {
      guard graph.nodes[source].layer.passesCodesThrough else { return nil }
      source = graph.nodes[source].inputs[0]
    }
    return source
  }

  /// The stored nodes that exist while a layer is computed.
  func live(_ layer: Int) -> [Int] {
    let first = layer == 0 ? 0 : weighted[layer]
    let end = layer + 1 < weighted.count ? weighted[layer + 1] : graph.nodes.count
    return (0..<end).filter { isStored[$0] && lastReader[$0] >= first }
  }

  /// The image where it is read, the logits where they are written.
  func external(_ layer: Int) -> [Int] {
    reads[layer].filter { $0 == 0 } + writes[layer].filter { $0 == graph.output }
  }

  /// A stored node's size and widths.
  func value(_ node: Int, bits: [BitShares]) -> LayerWork.Value {
    LayerWork.Value(
      elements: graph.nodes[node].outputShape.count,
      bits: points[node].map { bits[$0] } ?? BitShares(bits: BitShares.floatBits))
  }
}
