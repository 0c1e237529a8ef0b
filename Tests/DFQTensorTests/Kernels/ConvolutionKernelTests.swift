internal import DFQTensor
internal import Testing

// Products of numbers up to one are summed in another order than by the scalar kernels: n terms
// round at most n times by 2^-24 of their sum's size, which for random signs is about sqrt(n). n is
// at most 64 * 49 inputs or 70 * 75 pixels, so 5000 * 2^-24 = 3e-4 could happen and about 1e-5
// does; an element left out or added twice is above 1e-2.
private let tolerance: Float = 1e-4

@Suite struct ConvolutionKernelTests {
  /// Calls `body` with kernels, buffers (those of `make`, then scratch) and expects what scalar
  /// kernels give.
  private func expectAgreement(
    _ shape: ConvolutionShape, _ buffers: [[Float]],
    _ body: (Kernels, [UnsafeMutablePointer<Float>]) -> Void
  ) {
    let results = InstructionSet.available.map { set in
      let kernels = Kernels(set)
      let scratch = [Float](repeating: .nan, count: kernels.convolutionScratchCount(shape))
      var outcome = Outcome(buffers + [scratch]) {
        body(kernels, $0)
        return []
      }
      outcome.buffers.removeLast()
      return outcome
    }
    for (set, result) in zip(InstructionSet.available, results) {
      result.expectClose(results[0], tolerance: tolerance, "\(set.rawValue), \(shape)")
    }
  }

  private func uniform(_ random: inout RandomStream, _ count: Int) -> [Float] {
    (0..<count).map { _ in random.uniform(-1, 1) }
  }

  private func check(_ shape: ConvolutionShape, random: inout RandomStream) {
    let x = uniform(&random, shape.inputCount)
    let g = uniform(&random, shape.outputCount)
    let w = uniform(&random, shape.taps * shape.inputChannels * shape.outputChannels)
    let b = uniform(&random, shape.outputChannels)
    let hasBias = random.integer(below: 2) == 0
    let accumulate = random.integer(below: 2) == 0
    expectAgreement(shape, [x, w, b, g]) { kernels, buffers in
      kernels.convolutionForward(
        shape, input: buffers[0], weight: buffers[1],
        bias: hasBias ? UnsafePointer(buffers[2]) : nil, output: buffers[3], scratch: buffers[4])
    }
    expectAgreement(shape, [x, w, g]) { kernels, buffers in
      kernels.convolutionDataGradient(
        shape, outputGradient: buffers[2], transposedWeight: buffers[1],
        inputGradient: buffers[0], accumulate: accumulate, scratch: buffers[3])
    }
    expectAgreement(shape, [x, w, b, g]) { kernels, buffers in
      kernels.convolutionWeightGradient(
        shape, input: buffers[0], outputGradient: buffers[3], weightGradient: buffers[1],
        biasGradient: hasBias ? buffers[2] : nil, scratch: buffers[4])
    }
  }

  @Test func denseAgreesWithScalar() {
    var random = RandomStream(seed: 1, "dense")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 2, "dense"))
    for _ in 0..<60 { check(shapes.next(depthwise: false), random: &random) }
  }

  @Test func denseAgreesInBands() {
    var random = RandomStream(seed: 3, "bands")
    check(ConvolutionShapes.large, random: &random)
  }

  @Test func depthwiseAgreesWithScalar() {
    var random = RandomStream(seed: 4, "depthwise")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 5, "depthwise"))
    for _ in 0..<60 {
      let shape = shapes.next(depthwise: true)
      let x = uniform(&random, shape.inputCount)
      let g = uniform(&random, shape.outputCount)
      let w = uniform(&random, shape.taps * shape.inputChannels)
      let b = uniform(&random, shape.inputChannels)
      let hasBias = random.integer(below: 2) == 0
      let accumulate = random.integer(below: 2) == 0
      expectAgreement(shape, [x, w, b, g]) { kernels, buffers in
        kernels.depthwiseForward(
          shape, input: buffers[0], weight: buffers[1],
          bias: hasBias ? UnsafePointer(buffers[2]) : nil, output: buffers[3],
          scratch: buffers[4])
      }
      expectAgreement(shape, [x, w, g]) { kernels, buffers in
        kernels.depthwiseDataGradient(
          shape, outputGradient: buffers[2], weight: buffers[1], inputGradient: buffers[0],
          accumulate: accumulate, scratch: buffers[3])
      }
      expectAgreement(shape, [x, w, b, g]) { kernels, buffers in
        kernels.depthwiseWeightGradient(
          shape, input: buffers[0], outputGradient: buffers[3], weightGradient: buffers[1],
          biasGradient: hasBias ? buffers[2] : nil, scratch: buffers[4])
      }
    }
  }

  /// The scalar kernels themselves, against im2col and its transpose in double precision.
  @Test func scalarAgreesWithColumns() {
    var random = RandomStream(seed: 6, "columns")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 7, "columns"))
    for _ in 0..<20 {
      let shape = shapes.next(depthwise: false)
      let window = shape.taps * shape.inputChannels
      let outputs = shape.outputChannels
      let x = uniform(&random, shape.inputCount)
      let g = uniform(&random, shape.outputCount)
      let w = uniform(&random, window * outputs)
      let pixels = shape.outputHeight * shape.outputWidth
      var columns = [Float](repeating: .nan, count: pixels * window)
      Kernels.im2col(shape, input: x, columns: &columns)
      var y = [Float](repeating: 0, count: shape.outputCount)
      var columnGradient = columns
      var weightGradient = w
      for pixel in 0..<pixels {
        for output in 0..<outputs {
          y[pixel * outputs + output] = Float(
            (0..<window).reduce(0.0) {
              $0 + Double(columns[pixel * window + $1]) * Double(w[$1 * outputs + output])
            })
        }
        for input in 0..<window {
          columnGradient[pixel * window + input] = Float(
            (0..<outputs).reduce(0.0) {
              $0 + Double(g[pixel * outputs + $1]) * Double(w[input * outputs + $1])
            })
          for output in 0..<outputs {
            weightGradient[input * outputs + output] +=
              columns[pixel * window + input] * g[pixel * outputs + output]
          }
        }
      }
      var xGradient = [Float](repeating: 0, count: shape.inputCount)
      Kernels.col2im(shape, columns: columnGradient, inputGradient: &xGradient)
      var transposed = w
      Kernels.transposeWeights(
        w, taps: shape.taps, inputChannels: shape.inputChannels, outputChannels: outputs,
        transposed: &transposed)
      let outcome = Outcome([x, w, transposed, g, y, x]) {
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: 1)
        defer { scratch.deallocate() }
        let kernels = Kernels(.scalar)
        kernels.convolutionForward(
          shape, input: $0[0], weight: $0[1], bias: nil, output: $0[4], scratch: scratch)
        kernels.convolutionDataGradient(
          shape, outputGradient: $0[3], transposedWeight: $0[2], inputGradient: $0[5],
          accumulate: false, scratch: scratch)
        kernels.convolutionWeightGradient(
          shape, input: $0[0], outputGradient: $0[3], weightGradient: $0[1], biasGradient: nil,
          scratch: scratch)
        return []
      }
      let expected = Outcome([x, weightGradient, transposed, g, y, xGradient]) { _ in [] }
      outcome.expectClose(expected, tolerance: tolerance, "\(shape)")
    }
  }
}
