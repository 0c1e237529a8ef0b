#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import DFQEngine
import DFQGraph

/// What batch norm promises of every value without any image: each channel normal with mean beta
/// and deviation |gamma|, carried through sums, clamps and pooling (methods.md 2.11 and 2.13, item
/// 5).
struct NormalMoments {
  private var mean: [[Double]]
  private var deviation: [[Double]]
  private var bounds: [(low: Double, high: Double)]

  init(_ network: Network) {
    let graph = network.graph
    mean = graph.nodes.map { _ in [] }
    deviation = mean
    bounds = graph.nodes.map { _ in (-.infinity, .infinity) }
    for (position, node) in graph.nodes.enumerated() {
      let channels = node.outputShape.dimensions.last!
      guard let input = node.inputs.first else {
        mean[position] = .init(repeating: 0, count: channels)
        deviation[position] = .init(repeating: 1, count: channels)
        continue
      }
      mean[position] = mean[input]
      deviation[position] = deviation[input]
      bounds[position] = bounds[input]
      switch node.layer {
      case .batchNorm:
        let shift = network.parameters.tensor(node: position, .normShift)?.elements
        let scale = network.parameters.tensor(node: position, .normScale)?.elements
        mean[position] = (0..<channels).map { Double(shift?[$0] ?? 0) }
        deviation[position] = (0..<channels).map { Double(abs(scale?[$0] ?? 1)) }
        bounds[position] = (-.infinity, .infinity)
      case .add:
        let other = node.inputs[1]
        mean[position] = zip(mean[input], mean[other]).map { $0 + $1 }
        deviation[position] = zip(deviation[input], deviation[other]).map {
          ($0 * $0 + $1 * $1).squareRoot()
        }
        bounds[position] = (
          bounds[input].low + bounds[other].low, bounds[input].high + bounds[other].high
        )
      case .activation(let activation):
        bounds[position] = activation == .relu6 ? (0, 6) : (0, .infinity)
        if case .leakyReLU = activation { bounds[position].low = -.infinity }
        if case .tanh = activation { bounds[position] = (-1, 1) }
      case .padChannels(_, let before, let after):
        let zeros = { [Double](repeating: 0, count: $0) }
        mean[position] = zeros(before) + mean[input] + zeros(after)
        deviation[position] = zeros(before) + deviation[input] + zeros(after)
      case .convolution, .linear:
        mean[position] = .init(repeating: 0, count: channels)
        deviation[position] = .init(repeating: 1, count: channels)
      default: break
      }
    }
  }

  /// The extremes over channels of mean +- deviations * deviation, inside what the activation
  /// leaves.
  func range(_ node: Int, deviations: Float) -> (low: Float, high: Float) {
    let reach = Double(deviations)
    let low = zip(mean[node], deviation[node]).map { $0 - reach * $1 }.min() ?? 0
    let high = zip(mean[node], deviation[node]).map { $0 + reach * $1 }.max() ?? 1
    return (Float(max(low, bounds[node].low)), Float(min(max(high, 1e-6), bounds[node].high)))
  }
}
