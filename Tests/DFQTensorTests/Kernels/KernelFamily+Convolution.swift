internal import DFQTensor

/// Channel counts below, at and above one, two and four vectors.
let guardedChannels = [1, 3, 5, 8, 13, 16, 17, 31, 33, 64]

/// Shapes for the guard pages: every pair of channel counts, with kernel sizes and strides in turn,
/// on small odd images with random padding; and the shapes of paths of their own.
struct GuardedShapes {
  var random: RandomStream
  private var turn = 0

  init(random: RandomStream) { self.random = random }

  private mutating func pick(_ values: [Int]) -> Int { values[random.integer(below: values.count)] }

  /// Input size, output size and padding before of one dimension.
  private mutating func dimension(kernel: Int, stride: Int) -> (Int, Int, Int) {
    while true {
      let input = pick([1, 3, 5, 7, 9, 11])
      let before = random.integer(below: kernel)
      let room = input + before + random.integer(below: kernel) - kernel
      if room >= 0 { return (input, room / stride + 1, before) }
    }
  }

  mutating func shape(inputs: Int, outputs: Int, kernel: Int, stride: Int) -> ConvolutionShape {
    let (height, outputHeight, top) = dimension(kernel: kernel, stride: stride)
    let (width, outputWidth, left) = dimension(kernel: kernel, stride: stride)
    return ConvolutionShape(
      inputHeight: height, inputWidth: width, inputChannels: inputs, outputHeight: outputHeight,
      outputWidth: outputWidth, outputChannels: outputs, kernelHeight: kernel, kernelWidth: kernel,
      strideHeight: stride, strideWidth: stride, padTop: top, padLeft: left)
  }

  /// The next shapes of some channel counts.
  private mutating func shapes(inputs: Int, outputs: Int, rounds: Int) -> [ConvolutionShape] {
    (0..<rounds).map { _ in
      defer { turn += 1 }
      return shape(
        inputs: inputs, outputs: outputs, kernel: [1, 3, 5, 7][turn / 2 % 4], stride: 1 + turn % 2)
    }
  }

  mutating func dense() -> [ConvolutionShape] {
    var all: [ConvolutionShape] = []
    for inputs in guardedChannels {
      for outputs in guardedChannels {
        all += shapes(inputs: inputs, outputs: outputs, rounds: 1)
      }
    }
    all.append(ConvolutionShapes.large)  // several bands
    all += [(5, 513), (513, 5)].map { Self.same(9, 7, inputs: $0.0, outputs: $0.1, kernel: 3) }
    all.append(Self.same(17, 17, inputs: 3, outputs: 5, kernel: 17))  // more taps than tiles take
    all.append(Self.same(13, 21, inputs: 33, outputs: 17, kernel: 1))  // flattened
    return all
  }

  mutating func depthwise() -> [ConvolutionShape] {
    var all = guardedChannels.flatMap { shapes(inputs: $0, outputs: $0, rounds: 8) }
    all.append(Self.same(71, 75, inputs: 17, outputs: 17, kernel: 5))  // several bands
    all.append(Self.same(17, 17, inputs: 3, outputs: 3, kernel: 17))
    return all
  }

  /// A convolution without stride that keeps the image's size.
  static func same(_ height: Int, _ width: Int, inputs: Int, outputs: Int, kernel: Int)
    -> ConvolutionShape
  {
    ConvolutionShape(
      inputHeight: height, inputWidth: width, inputChannels: inputs, outputHeight: height,
      outputWidth: width, outputChannels: outputs, kernelHeight: kernel, kernelWidth: kernel,
      strideHeight: 1, strideWidth: 1, padTop: kernel / 2, padLeft: kernel / 2)
  }
}

/// As many as a prime, so that no size of an image repeats them.
private let numbers: [Float] = {
  var random = RandomStream(seed: 1, "guarded numbers")
  return (0..<1009).map { _ in random.uniform(-1, 1) }
}()

extension RandomStream {
  /// Numbers from -1 to 1: a random part of a fixed list, over and over.
  mutating func uniforms(_ count: Int) -> [Float] {
    let first = integer(below: numbers.count)
    var values = Array(numbers[first...].prefix(count))
    while values.count < count { values += numbers.prefix(count - values.count) }
    return values
  }
}

extension KernelFamily {
  private typealias Body =
    @Sendable (
      Kernels, ConvolutionShape, Bool, [UnsafeMutablePointer<Float>],
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void

  /// Buffers are input, weight, bias and output; the flag says whether there is a bias or, for data
  /// gradients, whether they are added.
  private static func convolution(
    _ name: String, depthwise: Bool = false, _ body: @escaping Body
  ) -> KernelFamily {
    KernelFamily(name) { random, run in
      var shapes = GuardedShapes(random: random)
      for shape in depthwise ? shapes.depthwise() : shapes.dense() {
        let weights = shape.taps * shape.outputChannels * (depthwise ? 1 : shape.inputChannels)
        let buffers = [
          random.uniforms(shape.inputCount), random.uniforms(weights),
          random.uniforms(shape.outputChannels), random.uniforms(shape.outputCount),
        ]
        let flag = random.integer(below: 2) == 0
        run(
          // The tolerance of ConvolutionKernelTests.
          GuardedCall(
            label: "\(shape), \(flag)", buffers: buffers,
            scratch: { $0.convolutionScratchCount(shape) }, tolerance: 1e-4
          ) { kernels, floats, _ in body(kernels, shape, flag, floats, floats[4]) })
      }
    }
  }

  static let convolutions = [
    convolution("convolution forward") { kernels, shape, flag, buffers, scratch in
      kernels.convolutionForward(
        shape, input: buffers[0], weight: buffers[1], bias: flag ? UnsafePointer(buffers[2]) : nil,
        output: buffers[3], scratch: scratch)
    },
    convolution("convolution data gradient") { kernels, shape, flag, buffers, scratch in
      kernels.convolutionDataGradient(
        shape, outputGradient: buffers[3], transposedWeight: buffers[1],
        inputGradient: buffers[0], accumulate: flag, scratch: scratch)
    },
    convolution("convolution weight gradient") { kernels, shape, flag, buffers, scratch in
      kernels.convolutionWeightGradient(
        shape, input: buffers[0], outputGradient: buffers[3], weightGradient: buffers[1],
        biasGradient: flag ? buffers[2] : nil, scratch: scratch)
    },
    convolution("depthwise forward", depthwise: true) { kernels, shape, flag, buffers, scratch in
      kernels.depthwiseForward(
        shape, input: buffers[0], weight: buffers[1], bias: flag ? UnsafePointer(buffers[2]) : nil,
        output: buffers[3], scratch: scratch)
    },
    convolution("depthwise data gradient", depthwise: true) {
      kernels, shape, flag, buffers, scratch in
      kernels.depthwiseDataGradient(
        shape, outputGradient: buffers[3], weight: buffers[1], inputGradient: buffers[0],
        accumulate: flag, scratch: scratch)
    },
    convolution("maximum pooling", depthwise: true) { kernels, shape, _, buffers, _ in
      kernels.maxPool(shape, input: buffers[0], output: buffers[3])
    },
    convolution("maximum pooling's gradient", depthwise: true) { kernels, shape, _, buffers, _ in
      // The values pooled are a copy: the gradients added would change them.
      let values = Array(UnsafeBufferPointer(start: buffers[0], count: shape.inputCount))
      kernels.maxPoolGradient(
        shape, input: values, outputGradient: buffers[3], inputGradient: buffers[0])
    },
    convolution("depthwise weight gradient", depthwise: true) {
      kernels, shape, flag, buffers, scratch in
      kernels.depthwiseWeightGradient(
        shape, input: buffers[0], outputGradient: buffers[3], weightGradient: buffers[1],
        biasGradient: flag ? buffers[2] : nil, scratch: scratch)
    },
  ]
}
