import DFQTestSupport
import DynaDFQ
import Testing

/// Layers on numbers small enough to work out by hand.
@Suite struct HandWorkedLayerTests {
  /// The layer's output, the same on every way to execute but for rounding.
  private func output(
    _ layer: some Layer, input: Shape, _ image: [Float], parameters: [Float] = []
  ) throws -> [Float] {
    var builder = GraphBuilder(input: input)
    try builder.add("layer", layer, builder.input)
    let graph = builder.build()
    func output(_ context: ExecutionContext) throws -> [Float] {
      try Executor(plan: Plan(graph), context: context).run(
        images: Tensor(shape: Shape([1] + input.dimensions), elements: image),
        parameters: parameters, request: .init(outputs: [1])
      ).outputs[0].elements
    }
    let result = try output(.init(threads: 1))
    for variant in ExecutionVariant.all {
      let isSame = try zip(output(variant.context), result).allSatisfy {
        $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= 1e-6 * abs($1)
      }
      #expect(isSame, "\(variant)")
    }
    return result
  }

  /// 3 x 3 image 1...9, 2 x 2 kernel 1 2 / 3 4, bias 10, a row and column of zeros after.
  @Test func convolution() throws {
    let found = try output(
      .convolution(
        .init(outputChannels: 1, kernel: 2, stride: 2, padding: 0, paddingAfter: 1, bias: true)),
      input: [3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9], parameters: [1, 2, 3, 4, 10])
    // 1 + 4 + 12 + 20, 3 + 18, 7 + 16, 9; plus the bias.
    #expect(found == [47, 31, 33, 19])
  }

  /// The same image, a kernel of two rows and one column, one row of zeros above.
  @Test func rectangles() throws {
    let image: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    let tall = Convolution(
      outputChannels: 1, kernel: Size2D(height: 2, width: 1), stride: Size2D(height: 1, width: 2),
      padding: Padding(top: 1, left: 0, bottom: 0, right: 0))
    // 10 times the upper pixel plus the lower one, of columns 0 and 2.
    #expect(
      try output(.convolution(tall), input: [3, 3, 1], image, parameters: [10, 1])
        == [1, 3, 14, 36, 47, 69])
    let window = PoolingWindow(
      kernel: Size2D(height: 1, width: 2), stride: Size2D(height: 2, width: 1),
      padding: Padding(top: 0, left: 1, bottom: 0, right: 0))
    #expect(
      try output(.maxPool(window), input: [3, 3, 1], image) == [1, 2, 3, 7, 8, 9])
    #expect(
      try output(.averagePool(window), input: [3, 3, 1], image) == [1, 1.5, 2.5, 7, 7.5, 8.5])
  }

  /// Taps two pixels apart: 1 * 1 + 2 * 3 + 3 * 7 + 4 * 9, and each of two channels on its own.
  @Test func dilation() throws {
    let image: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    #expect(
      try output(
        .convolution(.init(outputChannels: 1, kernel: 2, dilation: 2, bias: true)),
        input: [3, 3, 1], image, parameters: [1, 2, 3, 4, 100]) == [164])
    let both = image.flatMap { [$0, -$0] }
    #expect(
      try output(
        .convolution(.init(outputChannels: 2, kernel: 2, dilation: 2, groups: 2)),
        input: [3, 3, 2], both, parameters: [1, 1, 2, 1, 3, 1, 4, 1]) == [64, -20])
    // Rows next to each other, columns two apart.
    #expect(
      try output(
        .convolution(
          .init(
            outputChannels: 1, kernel: Size2D(2), dilation: Size2D(height: 1, width: 2))),
        input: [3, 3, 1], image, parameters: [1, 1, 1, 1]) == [14, 26])
  }

  @Test func shapesOfDilatedKernels() throws {
    var b = GraphBuilder(input: [10, 9, 3])
    let x = try b.add(
      "x",
      .convolution(
        .init(
          outputChannels: 4, kernel: Size2D(height: 3, width: 2),
          stride: Size2D(height: 2, width: 1),
          padding: Padding(top: 1, left: 0, bottom: 2, right: 3),
          dilation: Size2D(height: 3, width: 4))), b.input)
    // (10 + 3 - 7) / 2 + 1 and 9 + 3 - 5 + 1.
    #expect(try b.shape(x) == [4, 8, 4])
    #expect(b.build().macs == 4 * 8 * 4 * 3 * 2 * 3)
  }

  /// Two inputs, two outputs: weights are KH KW I O.
  @Test func channelOrder() throws {
    let found = try output(
      .convolution(.init(outputChannels: 2, kernel: 1)), input: [1, 1, 2], [1, 10],
      parameters: [1, 2, 3, 4])
    #expect(found == [31, 42])
  }

  @Test func groups() throws {
    let found = try output(
      .convolution(.init(outputChannels: 4, kernel: 1, groups: 2)), input: [1, 1, 2], [1, 10],
      parameters: [1, 2, 3, 4])
    #expect(found == [1, 2, 30, 40])
  }

  @Test func depthwise() throws {
    let found = try output(
      .convolution(.init(outputChannels: 2, kernel: 1, groups: 2)), input: [1, 1, 2], [1, 10],
      parameters: [5, 7])
    #expect(found == [5, 70])
  }

  /// (x - mean) / sqrt(variance + epsilon) * gamma + beta with variance 3, epsilon 1.
  @Test func batchNorm() throws {
    let found = try output(
      .batchNorm(.init(epsilon: 1)), input: [1, 2, 1], [5, -3], parameters: [4, 0.5, 1, 3])
    #expect(found == [8.5, -7.5])
  }

  @Test func activations() throws {
    let x: [Float] = [-2, 0, 3, 7]
    #expect(try output(.activation(.relu), input: [4], x) == [0, 0, 3, 7])
    #expect(try output(.activation(.relu6), input: [4], x) == [0, 0, 3, 6])
    #expect(
      try output(.activation(.leakyReLU(negativeSlope: 0.5)), input: [4], x) == [-1, 0, 3, 7])
    let tanh = try output(.activation(.tanh), input: [4], x)
    // tanh(3), correct to single precision.
    #expect(tanh[1] == 0 && abs(tanh[2] - 0.995_054_75) < 1e-6)
  }

  @Test func pooling() throws {
    let image: [Float] = [-1, -2, -3, -4, -5, -6, -7, -8, -9]
    // Zeros around the image are never counted: not as the largest, not in the mean.
    let pool = PoolingWindow(kernel: 2, stride: 2, padding: 1)
    #expect(try output(.maxPool(pool), input: [3, 3, 1], image) == [-1, -2, -4, -5])
    #expect(try output(.averagePool(pool), input: [3, 3, 1], image) == [-1, -2.5, -5.5, -7])
    #expect(try output(.globalAveragePool, input: [3, 3, 1], image) == [-5])
  }

  @Test func shapes() throws {
    #expect(
      try output(
        .padChannels(stride: 2, before: 1, after: 1), input: [3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9])
        == [0, 1, 0, 0, 3, 0, 0, 7, 0, 0, 9, 0])
    #expect(
      try output(.upsample(factor: 2), input: [1, 2, 1], [1, 2]) == [1, 1, 2, 2, 1, 1, 2, 2])
    #expect(try output(.flatten, input: [1, 2, 2], [1, 2, 3, 4]) == [1, 2, 3, 4])
    #expect(
      try output(
        .linear(outputs: 2, bias: true), input: [2], [1, 10], parameters: [1, 2, 3, 4, 100, 200])
        == [131, 242])
  }

  /// A NaN reaches the output instead of being clamped away.
  @Test(arguments: [Activation.relu, .relu6, .leakyReLU(negativeSlope: 0.1), .tanh])
  func notANumber(activation: Activation) throws {
    #expect(try output(.activation(activation), input: [1], [.nan])[0].isNaN)
    #expect(
      try output(.maxPool(.init(kernel: 2, stride: 2)), input: [2, 2, 1], [1, .nan, 2, 3])[0].isNaN)
  }

  @Test func shapesThatDoNotFit() {
    func error(_ input: Shape, _ layer: some Layer) -> NetworkError? {
      var builder = GraphBuilder(input: input)
      do {
        try builder.add("culprit", layer, builder.input)
        return nil
      } catch {
        return error as? NetworkError
      }
    }
    func names(_ error: NetworkError?) -> Bool {
      if case .shapeMismatch(let layer, _, _) = error { layer == "culprit" } else { false }
    }
    #expect(names(error([4, 4, 3], .convolution(.init(outputChannels: 4, kernel: 3, groups: 2)))))
    #expect(names(error([2, 2, 3], .convolution(.init(outputChannels: 4, kernel: 3)))))
    #expect(names(error([4, 4, 3], .convolution(.init(outputChannels: 4, kernel: 3, stride: 0)))))
    #expect(names(error([4, 4, 3], .linear(outputs: 2, bias: true))))
    #expect(names(error([4], .globalAveragePool)))
    #expect(names(error([4], .upsample(factor: 2))))
    #expect(names(error([4, 4, 3], .reshape([7]))))
    #expect(names(error([2, 2, 3], .maxPool(.init(kernel: 3, stride: 1)))))
    #expect(names(error([4, 4, 3], .sum)))
    var builder = GraphBuilder(input: [2, 2, 2])
    #expect(throws: NetworkError.self) {
      let flat = try builder.add("flat", .flatten, builder.input)
      try builder.sum("sum", flat, builder.input)
    }
  }
}
