package import DFQGraph
import Foundation

/// The mean and variance of every channel that follow from batch norm's scales and shifts, without
/// any image.
///
/// A batch norm's output is normal with mean beta and deviation |gamma|; what an activation does to
/// mean and variance is known in closed form (Nagel et al., ICCV 2019, section 4.2).
/// Branches of a sum are taken as independent. Layers without a batch norm add up what they read, as
/// if their inputs were independent. Images have mean 0 and variance 1.
package struct ChannelExpectations {
  /// The moments of a channel.
  package struct Moments: Equatable {
    package var mean: Double
    package var variance: Double

    package init(mean: Double, variance: Double) {
      self.mean = mean
      self.variance = variance
    }
  }

  private var nodes: [[Moments]] = []

  package init(_ network: Network) {
    let edit = EditableNetwork(network)
    for (position, node) in network.graph.nodes.enumerated() {
      let inputs = node.inputs.map { nodes[$0] }
      let count = node.outputShape.dimensions.last ?? 1
      nodes.append(
        ChannelExpectations.moments(position, node, inputs: inputs, count: count, edit: edit))
    }
  }

  /// The moments of a node's channels.
  package subscript(node: Int) -> [Moments] { nodes[node] }

  private static func moments(
    _ position: Int, _ node: Graph.Node, inputs: [[Moments]], count: Int, edit: EditableNetwork
  ) -> [Moments] {
    let standard = Moments(mean: 0, variance: 1)
    switch node.layer {
    case is BatchNorm:
      return (0..<count).map { channel in
        let gamma = edit.value(position, .normScale, channel) ?? 1
        return Moments(
          mean: edit.value(position, .normShift, channel) ?? 0, variance: gamma * gamma)
      }
    case let activation as Activation: return inputs[0].map { behind(activation, $0) }
    case is Sum:
      return zip(inputs[0], inputs[1]).map {
        Moments(mean: $0.mean + $1.mean, variance: $0.variance + $1.variance)
      }
    case let pad as PadChannels:
      let zero = Moments(mean: 0, variance: 0)
      return [Moments](repeating: zero, count: pad.before) + inputs[0]
        + [Moments](repeating: zero, count: pad.after)
    case is Convolution, is Linear:
      guard let places = edit.weights(position) else { break }
      return (0..<count).map { output in
        var result = Moments(mean: edit.value(position, .bias, output) ?? 0, variance: 0)
        for tap in 0..<places.taps {
          for input in 0..<places.inputs {
            let weight = edit.values[places.position(tap: tap, input: input, output: output)]
            let channel = inputs[0][places.channel(input: input, output: output)]
            result.mean += weight * channel.mean
            result.variance += weight * weight * channel.variance
          }
        }
        return result
      }
    default: break
    }
    // Pools and copies keep their channels; a flattened map repeats them.
    guard let first = inputs.first, !first.isEmpty, count.isMultiple(of: first.count) else {
      return [Moments](repeating: standard, count: count)
    }
    return (0..<count).map { first[$0 % first.count] }
  }

  /// The moments of a normal value behind an activation.
  package static func behind(_ activation: Activation, _ input: Moments) -> Moments {
    let deviation = input.variance.squareRoot()
    switch activation {
    case .relu: return clipped(mean: input.mean, deviation: deviation, low: 0, high: .infinity)
    case .relu6: return clipped(mean: input.mean, deviation: deviation, low: 0, high: 6)
    case .leakyReLU(let slope):
      // f(x) = slope x + (1 - slope) relu(x).
      let positive = clipped(mean: input.mean, deviation: deviation, low: 0, high: .infinity)
      let a = Double(slope)
      // E[x relu(x)] = E[relu(x)^2].
      let square = positive.variance + positive.mean * positive.mean
      let mean = a * input.mean + (1 - a) * positive.mean
      let second =
        a * a * (input.variance + input.mean * input.mean) + (1 - a * a) * square
      return Moments(mean: mean, variance: max(second - mean * mean, 0))
    case .tanh:
      // No closed form: a sum over the density, good to many digits.
      var (mean, second, mass) = (0.0, 0.0, 0.0)
      for step in -400...400 {
        let z = Double(step) / 50
        let weight = exp(-z * z / 2)
        let y = Foundation.tanh(input.mean + deviation * z)
        mean += weight * y
        second += weight * y * y
        mass += weight
      }
      mean /= mass
      return Moments(mean: mean, variance: max(second / mass - mean * mean, 0))
    }
  }

  /// The moments of min(max(x, low), high) for a normal x.
  ///
  /// With a = (low - mean) / deviation, b likewise, phi and Phi density and distribution:
  /// E = low Phi(a) + mean (Phi(b) - Phi(a)) + deviation (phi(a) - phi(b)) + high (1 - Phi(b)). For
  /// low 0 without an upper bound this is deviation phi(mean / deviation) + mean Phi(mean / deviation).
  static func clipped(mean: Double, deviation: Double, low: Double, high: Double) -> Moments {
    guard deviation > 0 else { return Moments(mean: min(max(mean, low), high), variance: 0) }
    func density(_ z: Double) -> Double {
      z.isFinite ? exp(-z * z / 2) / (2 * .pi).squareRoot() : 0
    }
    func share(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }
    let (a, b) = ((low - mean) / deviation, (high - mean) / deviation)
    let inside = share(b) - share(a)
    // Moments of z inside the bounds.
    let first = density(a) - density(b)
    let second = inside + a * density(a) - (b.isFinite ? b * density(b) : 0)
    let above = high.isFinite ? high * (1 - share(b)) : 0
    let expectation = low * share(a) + mean * inside + deviation * first + above
    let square =
      low * low * share(a) + mean * mean * inside + 2 * mean * deviation * first
      + deviation * deviation * second + (high.isFinite ? high * above : 0)
    return Moments(mean: expectation, variance: max(square - expectation * expectation, 0))
  }
}
