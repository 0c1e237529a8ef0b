package import DFQGraph

/// The mean and variance of every channel that follow from batch norm's scales and shifts, without
/// any image.
///
/// The output of a batch norm or layer norm is normal with mean beta and deviation |gamma|; what an activation does to
/// mean and variance is known in closed form (Nagel et al., ICCV 2019, section 4.2).
/// Branches of a sum or product are taken as independent. Layers without a batch norm add up what they read, as
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
    case is BatchNorm, is LayerNorm:
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
    case is Product:
      return zip(inputs[0], inputs[1]).map { a, b in
        Moments(
          mean: a.mean * b.mean,
          variance: a.variance * b.variance + a.variance * b.mean * b.mean
            + b.variance * a.mean * a.mean)
      }
    case is Concatenation: return inputs.flatMap { $0 }
    case is PReLU:
      return inputs[0].enumerated().map { channel, input in
        rectified(slope: edit.value(position, .other, channel) ?? 0, input)
      }
    case is ChannelAffine:
      return inputs[0].enumerated().map { channel, input in
        let scale = edit.value(position, .normScale, channel) ?? 1
        return Moments(
          mean: input.mean * scale + (edit.value(position, .normShift, channel) ?? 0),
          variance: input.variance * scale * scale)
      }
    case let pad as PadMap:
      // A pixel is one of the map, or the constant.
      let share =
        Double(edit.network.graph.inputShapes(position)[0].count)
        / Double(max(node.outputShape.count, 1))
      let value = Double(pad.value)
      return inputs[0].map { input in
        let distance = input.mean - value
        return Moments(
          mean: share * input.mean + (1 - share) * value,
          variance: share * input.variance + share * (1 - share) * distance * distance)
      }
    case let pad as PadChannels:
      let zero = Moments(mean: 0, variance: 0)
      return [Moments](repeating: zero, count: pad.before) + inputs[0]
        + [Moments](repeating: zero, count: pad.after)
    case let selection as ChannelSelection: return selection.indices.map { inputs[0][$0] }
    case let norm as LocalResponseNormalization:
      // Every divisor is taken for that of the mean squares.
      let squares = inputs[0].map { $0.variance + $0.mean * $0.mean }
      return zip(inputs[0], norm.factors(meanSquares: squares)).map { input, factor in
        Moments(mean: input.mean * factor, variance: input.variance * factor * factor)
      }
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
}
