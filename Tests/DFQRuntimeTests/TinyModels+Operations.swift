import DFQRuntime
import DFQTensor

/// The operations of imported networks.
extension TinyModels {
  /// Every operation in floating point.
  static func numbers() -> IntegerProgram {
    var builder = TinyProgram(image: [4, 4, 2])
    func operation(_ operation: any NumberOperation, _ input: Int) -> Operation {
      Operation(.numbers(AnyNumberOperation(operation)), input: input)
    }
    let (stem, gate, joined) = (
      builder.point([3, 4]), builder.point([4]), builder.point([5], low: -2)
    )
    var x = builder.convolution(0, [4, 4, 3], kernel: 3, pad: 1, point: stem, bits: nil)
    let mean = builder.add(Operation(.globalAveragePool, input: x), [3], nil)
    let factor = builder.add(
      operation(ElementFunctionOperation(.hardSigmoid(slope: 0.3, offset: 0.5)), mean), [3], gate)
    x = builder.add(operation(ValueProduct(with: factor), x), [4, 4, 3], nil)
    let y = builder.add(operation(ChannelSlopes(builder.floats(3)), x), [4, 4, 3], nil)
    x = builder.add(operation(ValueProduct(with: y), x), [4, 4, 3], nil)
    x = builder.add(operation(ChannelConcatenation(with: [1, y]), x), [4, 4, 9], joined)
    x = builder.add(
      operation(
        ChannelNormalization(
          scale: builder.floats(9), shift: builder.floats(9), epsilon: 1e-5), x), [4, 4, 9], nil)
    x = builder.add(
      operation(
        NeighbourDivision(.init(size: 4, alpha: 0.5, beta: 0.6, bias: 1)), x), [4, 4, 9], nil)
    for function: ElementFunction in [
      .tanh, .sigmoid, .hardSwish, .silu, .gelu, .geluTanh, .clip(minimum: -1, maximum: 0.5),
    ] {
      x = builder.add(operation(ElementFunctionOperation(function), x), [4, 4, 9], nil)
    }
    x = builder.add(Operation(.globalAveragePool, input: x), [9], nil)
    return builder.finish(x, bits: nil)
  }

  /// Codes and numbers that are moved, groups, and gaps between taps.
  static func moves() -> IntegerProgram {
    var builder = TinyProgram(image: [3, 3, 2])
    let (image, groups, gaps) = (
      builder.point([8], low: -3), builder.point([4]), builder.point([3, 5])
    )
    var x = builder.add(Operation(.padMap(top: 1, left: 0), input: 0), [4, 4, 2], nil)
    x = builder.add(Operation(.identity, input: x), [4, 4, 2], image)
    x = builder.add(Operation(.padMap(top: 0, left: 1), input: x), [4, 5, 2], image)
    x = builder.add(Operation(.selectChannels([1, 0, 0, 1]), input: x), [4, 5, 4], image)
    x = builder.convolution(
      x, [4, 5, 6], kernel: 3, pad: 1, point: groups, bits: 4, parts: .init(groups: 2))
    x = builder.add(Operation(.upsample(factor: 2), input: x), [8, 10, 6], groups)
    x = builder.convolution(
      x, [8, 10, 3], kernel: 3, pad: 2, point: gaps, bits: 3,
      parts: .init(groups: 3, dilationHeight: 2, dilationWidth: 2))
    x = builder.add(Operation(.globalAveragePool, input: x), [3], nil)
    x = builder.add(Operation(.selectChannels([2, 2, 0, 1]), input: x), [4], nil)
    return builder.finish(x, bits: nil)
  }
}
