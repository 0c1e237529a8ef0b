package import DFQGraph

/// The distribution of every value that follows from batch norm's scales and shifts, without any
/// image.
///
/// Each channel behind a batch norm is normal with mean beta and deviation |gamma| (Nagel et al.,
/// 2019, section 4.2); the layers carry the moments on through sums, clamps and pooling.
package struct NormalMoments {
  private let moments: [ChannelMoments]

  package init(_ network: Network) {
    var moments: [ChannelMoments] = []
    for (position, node) in network.graph.nodes.enumerated() {
      moments.append(
        node.layer.moments(of: node.inputs.map { moments[$0] }, output: node.outputShape) {
          network.parameters.tensor(node: position, $0)?.elements
        })
    }
    self.moments = moments
  }

  /// The largest magnitude of mean +- deviations * deviation in each channel, within the bounds that
  /// activations leave.
  package func reach(_ node: Int, deviations: Double) -> [Double] {
    let moments = moments[node]
    return zip(moments.mean, moments.deviation).map { mean, deviation in
      let low = max(mean - deviations * deviation, moments.lowerBound)
      let high = min(mean + deviations * deviation, moments.upperBound)
      return max(high, -low)
    }
  }

  /// The extremes over channels of mean +- deviations * deviation, within the bounds that
  /// activations leave.
  func range(_ node: Int, deviations: Float) -> (low: Float, high: Float) {
    let reach = Double(deviations)
    let moments = moments[node]
    let low = zip(moments.mean, moments.deviation).map { $0 - reach * $1 }.min() ?? 0
    let high = zip(moments.mean, moments.deviation).map { $0 + reach * $1 }.max() ?? 1
    return (Float(max(low, moments.lowerBound)), Float(min(max(high, 1e-6), moments.upperBound)))
  }
}
