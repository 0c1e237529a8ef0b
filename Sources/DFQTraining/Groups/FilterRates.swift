package import DFQGraph

/// Rates for convolutions behind which nothing is normalized, such as those of imported networks into which batch norm was folded.
///
/// A filter W = g w, where batch norm would multiply w by g, moves g^2 times as far in a step at w as in a step at W. Filters behind batch
/// norm have a length of about 2 (1.1 to 2.2 in the layers of the public ResNet-20), so that g^2 is taken to be |W|^2 / 4; without that, training at
/// the rate of networks with batch norm diverges.
package struct FilterRates: Sendable {
  /// Where the weights KH KW I O of such layers lie.
  private let layers: [(range: Range<Int>, outputs: Int)]

  /// The squared length of filters whose rate stays what it is.
  private static let squaredLength: Float = 4

  package init(_ network: Network) {
    let graph = network.graph
    let isNormalized = FilterRates.normalized(graph)
    layers = graph.nodes.indices.compactMap { node in
      guard graph.nodes[node].layer is Convolution,
        !isNormalized[node],
        let entry = network.parameters.layout.entry(node: node, .weight)
      else { return nil }
      return (entry.range, entry.shape.dimensions.last!)
    }
  }

  /// For each node whether a norm reads its output, or what it is added to or joined with.
  private static func normalized(_ graph: Graph) -> [Bool] {
    let consumers = graph.consumers()
    var result = [Bool](repeating: false, count: graph.nodes.count)
    // Readers come later in the graph.
    for node in graph.nodes.indices.reversed() {
      result[node] = consumers[node].contains { next in
        switch graph.nodes[next].layer {
        case is BatchNorm, is LayerNorm: true
        case is Sum, is Concatenation: result[next]
        default: false
        }
      }
    }
    return result
  }

  /// Multiplies the gradient of each filter.
  package func scale(_ gradient: inout [Float], at weights: [Float]) {
    gradient.withUnsafeMutableBufferPointer { gradient in
      weights.withUnsafeBufferPointer { weights in
        for layer in layers {
          // One row after the other holds a weight of every filter.
          let rows = stride(
            from: layer.range.lowerBound, to: layer.range.upperBound, by: layer.outputs)
          var factors = [Float](repeating: 0, count: layer.outputs)
          factors.withUnsafeMutableBufferPointer { factors in
            for row in rows {
              for filter in 0..<layer.outputs {
                factors[filter] += weights[row + filter] * weights[row + filter]
              }
            }
            for filter in factors.indices { factors[filter] /= FilterRates.squaredLength }
            for row in rows {
              for filter in 0..<layer.outputs { gradient[row + filter] *= factors[filter] }
            }
          }
        }
      }
    }
  }
}
