internal import DFQTensor
internal import DFQTestSupport

// Relative to the largest result, F(4x4, 3x3) with the points 5/8 and 3/2 errs by 1e-6 at 16 to 64
// channels and by 5e-6 at 512; a wrong coefficient shows at 1e-2.
private let tolerance: Float = 2e-5

/// Some images of a 3x3 convolution of stride 1, with room between one and the next.
private struct WinogradCase: CustomStringConvertible {
  var tile: Int
  var shape: ConvolutionShape
  var images: Int
  var gap: Int

  var description: String { "tile \(tile), \(images) images, \(shape)" }
  var inputStep: Int { shape.inputCount + gap }
  var outputStep: Int { shape.outputCount + gap }

  /// Sizes around the tiles', every padding, channel counts around the vectors'.
  static func all(_ random: inout RandomStream) -> [WinogradCase] {
    var shapes = GuardedShapes(random: random)
    var cases: [WinogradCase] = []
    for inputs in guardedChannels {
      for outputs in guardedChannels {
        for tile in [2, 4] {
          let shape = shapes.shape(inputs: inputs, outputs: outputs, kernel: 3, stride: 1)
          cases.append(
            WinogradCase(
              tile: tile, shape: shape, images: 1 + random.integer(below: 3),
              gap: random.integer(below: 3)))
        }
      }
    }
    // Several blocks of tiles, and strips that end inside a row.
    cases.append(
      .init(
        tile: 4, shape: GuardedShapes.same(43, 51, inputs: 17, outputs: 33, kernel: 3), images: 2,
        gap: 1))
    cases.append(
      .init(
        tile: 4, shape: GuardedShapes.same(7, 7, inputs: 130, outputs: 70, kernel: 3), images: 5,
        gap: 0))
    // Whole cache lines.
    for tile in [2, 4] {
      for outputs in [16, 48] {
        cases.append(
          .init(
            tile: tile, shape: GuardedShapes.same(9, 10, inputs: 16, outputs: outputs, kernel: 3),
            images: 2, gap: 0))
      }
    }
    return cases
  }
}

/// The transformed weights 3 3 I O, in memory of exactly their size.
private func transformedWeights(
  _ kernels: Kernels, tile: Int, _ weight: UnsafePointer<Float>, inputs: Int, outputs: Int
) -> GuardedBuffer<Float> {
  let count = kernels.winogradWeightCount(
    tile: tile, inputChannels: inputs, outputChannels: outputs)
  let buffer = GuardedBuffer([Float](repeating: .nan, count: count), .end)
  kernels.winogradTransformWeights(
    tile: tile, weight, inputChannels: inputs, outputChannels: outputs,
    transformed: buffer.pointer)
  return buffer
}

extension KernelFamily {
  private typealias Body =
    @Sendable (
      Kernels, WinogradCase, Bool, [UnsafeMutablePointer<Float>],
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void

  /// Buffers are inputs, weight, bias and outputs; the scalar kernels' results are those of the
  /// direct convolution.
  private static func winograd(_ name: String, _ body: @escaping Body) -> KernelFamily {
    KernelFamily(name) { random, run in
      for test in WinogradCase.all(&random) {
        let shape = test.shape
        let buffers = [
          random.uniforms(test.images * test.inputStep - test.gap),
          random.uniforms(9 * shape.inputChannels * shape.outputChannels),
          random.uniforms(shape.outputChannels),
          random.uniforms(test.images * test.outputStep - test.gap),
        ]
        let flag = random.integer(below: 2) == 0
        run(
          GuardedCall(
            label: "\(test), \(flag)", buffers: buffers,
            scratch: {
              $0.hasWinograd
                ? $0.winogradScratchCount(tile: test.tile, shape, images: test.images)
                : $0.convolutionScratchCount(shape)
            }, tolerance: tolerance
          ) { kernels, floats, _ in body(kernels, test, flag, floats, floats[4]) })
      }
    }
  }

  static let winograds = [
    winograd("Winograd forward") { kernels, test, hasBias, buffers, scratch in
      let bias = hasBias ? UnsafePointer(buffers[2]) : nil
      guard kernels.hasWinograd else {
        for image in 0..<test.images {
          kernels.convolutionForward(
            test.shape, input: buffers[0] + image * test.inputStep, weight: buffers[1],
            bias: bias, output: buffers[3] + image * test.outputStep, scratch: scratch)
        }
        return
      }
      let weight = transformedWeights(
        kernels, tile: test.tile, buffers[1], inputs: test.shape.inputChannels,
        outputs: test.shape.outputChannels)
      // All output channels at once, or what a thread computes of many.
      let (unit, outputs) = (ConvolutionEnding.outputUnit, test.shape.outputChannels)
      let parts =
        hasBias && outputs > unit ? [0..<unit, unit..<outputs] : [Range<Int>?.none]
      for part in parts {
        var ending = ConvolutionEnding(bias: bias)
        ending.outputs = part
        kernels.winogradConvolve(
          tile: test.tile, test.shape, images: test.images, input: buffers[0],
          inputStep: test.inputStep, transformedWeight: weight.pointer,
          ending: ending, output: buffers[3], outputStep: test.outputStep,
          scratch: scratch)
      }
    },
    // Activated inputs, and a normalization with residual and moments behind: against the same in
    // passes of their own.
    winograd("Winograd with beginning and ending") { kernels, test, hasResidual, buffers, scratch in
      let (inputs, outputs) = (test.shape.inputChannels, test.shape.outputChannels)
      let constants = GuardedBuffer(
        (0..<2 * max(inputs, outputs)).map { Float($0 % 5) / 4 - 0.5 }, .end)
      let count = test.shape.outputCount
      let steps = test.images * test.outputStep - test.gap
      let residual = GuardedBuffer((0..<steps).map { Float($0 % 7) / 3 - 1 }, .end)
      let values = GuardedBuffer([Float](repeating: 0, count: steps), .end)
      let sums = GuardedBuffer([Double](repeating: 0, count: 2 * outputs), .end)
      let scale = UnsafePointer(constants.pointer)
      guard kernels.hasWinograd else {
        let activated = GuardedBuffer([Float](repeating: 0, count: test.shape.inputCount), .end)
        for image in 0..<test.images {
          let x = buffers[3] + image * test.outputStep
          kernels.affineActivation(
            x: buffers[0] + image * test.inputStep, scale: scale, shift: scale + inputs,
            residual: nil, negativeSlope: 0, upperBound: 1, pixels: test.shape.inputCount / inputs,
            channels: inputs, y: activated.pointer)
          kernels.convolutionForward(
            test.shape, input: activated.pointer, weight: buffers[1], bias: buffers[2], output: x,
            scratch: scratch)
          kernels.affineActivation(
            x: x, scale: scale, shift: scale + outputs,
            residual: hasResidual
              ? UnsafePointer(residual.pointer + image * test.outputStep) : nil, negativeSlope: 0.1,
            upperBound: 6, pixels: count / outputs, channels: outputs,
            y: values.pointer + image * test.outputStep)
          kernels.moments(
            x: x, pixels: count / outputs, channels: outputs, sum: sums.pointer,
            squareSum: sums.pointer + outputs)
          // What is compared: the values, and the moments in the bias's buffer.
          (x).update(from: values.pointer + image * test.outputStep, count: count)
        }
        for channel in 0..<outputs {
          buffers[2][channel] = Float(sums.pointer[channel] + sums.pointer[outputs + channel])
        }
        return
      }
      let weight = transformedWeights(
        kernels, tile: test.tile, buffers[1], inputs: inputs, outputs: outputs)
      // The activation mask, which also follows from the values.
      let bits = GuardedBuffer([UInt8](repeating: 0, count: (steps + 7) / 8), .end)
      let hasBits = outputs.isMultiple(of: Kernels.bitChannels) && test.gap == 0
      var ending = ConvolutionEnding(bias: buffers[2])
      // The outputs themselves are dropped, or written past the caches; the moments are gathered,
      // or taken of what was written.
      ending.dropsOutput = hasResidual
      ending.streamsOutput = !hasResidual
      ending.hasColdInput = true
      ending.isCold = true
      ending.activation = .init(
        scale: scale, shift: scale + outputs,
        residual: hasResidual ? UnsafePointer(residual.pointer) : nil, negativeSlope: 0.1,
        upperBound: 6,
        y: buffers[3], activationMask: hasBits ? bits.pointer : nil,
        steps: (residual: test.outputStep, y: test.outputStep, activationMask: test.outputStep / 8))
      if hasResidual { ending.sums = sums.pointer }
      ending.channels = outputs
      kernels.winogradConvolve(
        tile: test.tile, test.shape, images: test.images, input: buffers[0],
        inputStep: test.inputStep,
        beginning: .init(scale: scale, shift: scale + inputs, negativeSlope: 0, upperBound: 1),
        transformedWeight: weight.pointer, ending: ending, output: values.pointer,
        outputStep: test.outputStep, scratch: scratch)
      let wrongBits = (0..<(hasBits ? steps : 0)).count {
        (bits.pointer[$0 / 8] >> ($0 % 8) & 1 == 1) != (buffers[3][$0] <= 0)
      }
      precondition(wrongBits == 0, "\(wrongBits) bits of \(steps) are wrong")
      for image in 0..<(hasResidual ? 0 : test.images) {
        kernels.moments(
          x: values.pointer + image * test.outputStep, pixels: count / outputs,
          channels: outputs, sum: sums.pointer, squareSum: sums.pointer + outputs)
      }
      for channel in 0..<outputs {
        buffers[2][channel] = Float(sums.pointer[channel] + sums.pointer[outputs + channel])
      }
    },
    winograd("Winograd gradient at the inputs") { kernels, test, accumulate, buffers, scratch in
      backward(
        kernels, test, outputGradient: buffers[3], scratch: scratch, input: nil,
        weightGradient: nil, inputGradient: buffers[0], transposedWeight: buffers[1],
        accumulate: accumulate)
    },
    winograd("Winograd gradient at the weights") { kernels, test, _, buffers, scratch in
      backward(
        kernels, test, outputGradient: buffers[3], scratch: scratch, input: buffers[0],
        weightGradient: buffers[1], inputGradient: nil, transposedWeight: nil, accumulate: false)
    },
    // Both gradients, of activated inputs: the scalar kernels get these from a pass of its own.
    winograd("Winograd backward") { kernels, test, accumulate, buffers, scratch in
      let weights = 9 * test.shape.inputChannels * test.shape.outputChannels
      let transposed = GuardedBuffer(
        Array(UnsafeBufferPointer(start: buffers[1], count: weights)), .end)
      let steps = test.images * test.inputStep - test.gap
      let inputs = GuardedBuffer(
        Array(UnsafeBufferPointer(start: buffers[0], count: steps)), .end)
      let channels = test.shape.inputChannels
      let constants = GuardedBuffer((0..<2 * channels).map { Float($0 % 5) / 4 - 0.5 }, .end)
      let beginning = ConvolutionBeginning(
        scale: constants.pointer, shift: constants.pointer + channels, negativeSlope: 0.1,
        upperBound: 1)
      for image in 0..<(kernels.hasWinograd ? 0 : test.images) {
        let values = inputs.pointer + image * test.inputStep
        kernels.affineActivation(
          x: values, scale: beginning.scale, shift: beginning.shift, residual: nil,
          negativeSlope: beginning.negativeSlope, upperBound: beginning.upperBound,
          pixels: test.shape.inputCount / channels,
          channels: channels, y: values)
      }
      backward(
        kernels, test, outputGradient: buffers[3], scratch: scratch, input: inputs.pointer,
        beginning: beginning, weightGradient: buffers[1], inputGradient: buffers[0],
        transposedWeight: transposed.pointer, accumulate: accumulate)
    },
  ]

  /// The gradients that are not nil; of the scalar kernels image by image.
  private static func backward(
    _ kernels: Kernels, _ test: WinogradCase, outputGradient: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, input: UnsafePointer<Float>?,
    beginning: ConvolutionBeginning? = nil, weightGradient: UnsafeMutablePointer<Float>?,
    inputGradient: UnsafeMutablePointer<Float>?,
    transposedWeight: UnsafePointer<Float>?, accumulate: Bool
  ) {
    let shape = test.shape
    guard kernels.hasWinograd else {
      for image in 0..<test.images {
        let g = outputGradient + image * test.outputStep
        if let input, let weightGradient {
          kernels.convolutionWeightGradient(
            shape, input: input + image * test.inputStep, outputGradient: g,
            weightGradient: weightGradient, biasGradient: nil, scratch: scratch)
        }
        if let inputGradient, let transposedWeight {
          kernels.convolutionDataGradient(
            shape, outputGradient: g, transposedWeight: transposedWeight,
            inputGradient: inputGradient + image * test.inputStep, accumulate: accumulate,
            scratch: scratch)
        }
      }
      return
    }
    let transformed = transposedWeight.map {
      transformedWeights(
        kernels, tile: test.tile, $0, inputs: shape.outputChannels, outputs: shape.inputChannels)
    }
    var gradients = WinogradGradients(outputGradient: outputGradient, step: test.outputStep)
    if let input, let weightGradient {
      gradients.weights = .init(
        gradient: weightGradient, input: input, step: test.inputStep, beginning: beginning)
    }
    if let inputGradient, let transformed {
      gradients.inputs = .init(
        gradient: inputGradient, step: test.inputStep, accumulate: accumulate, isCold: accumulate,
        transformedWeight: transformed.pointer)
    }
    kernels.winogradBackward(
      tile: test.tile, shape, images: test.images, gradients, scratch: scratch)
  }
}
