import DFQEngine
import DFQTensor

/// The memory and the calls for measuring one kind of convolution.
final class ConvolutionBench {
  private let kind: KernelTimes.Kind
  private let context: ExecutionContext
  private let runner: ConvolutionRunner
  private let input: FloatBuffer
  private let output: FloatBuffer
  private let weight: FloatBuffer
  private let transposed: FloatBuffer
  private let transformed: FloatBuffer
  private let sums: FloatBuffer
  private let scratch: FloatBuffer
  private let codes: FloatBuffer
  private let weightCodes: FloatBuffer

  init(_ kind: KernelTimes.Kind, context: ExecutionContext) {
    self.kind = kind
    self.context = context
    runner = ConvolutionRunner(context: context)
    let shape = kind.shape
    let kernels = context.kernels
    let weights =
      shape.kernelHeight * shape.kernelWidth * shape.outputChannels
      * (kind.isDepthwise ? 1 : shape.inputChannels)
    input = FloatBuffer(kind.images * shape.inputHeight * shape.inputWidth * shape.inputChannels)
    output = FloatBuffer(
      kind.images * shape.outputHeight * shape.outputWidth * shape.outputChannels)
    weight = FloatBuffer(weights)
    transposed = FloatBuffer(weights)
    sums = FloatBuffer(weights)
    var scratchCount = ConvolutionRunner.scratchCount(
      shape, style: kind.isDepthwise ? .depthwise : .dense)
    var transformedCount = 0
    if let tile = kind.tile {
      let (inputs, outputs) = (shape.inputChannels, shape.outputChannels)
      // Those of the gradient at the inputs may take more.
      transformedCount = max(
        kernels.winogradWeightCount(tile: tile, inputChannels: inputs, outputChannels: outputs),
        kernels.winogradWeightCount(tile: tile, inputChannels: outputs, outputChannels: inputs))
      scratchCount = max(
        scratchCount, kernels.winogradScratchCount(tile: tile, shape, images: kind.images))
    }
    transformed = FloatBuffer(transformedCount)
    if !kind.isDepthwise {
      scratchCount = max(scratchCount, IntegerPlan.scratch(shape, kernels).count)
    }
    scratch = FloatBuffer(scratchCount)
    codes = FloatBuffer((kind.isDepthwise ? 0 : input.count) / 4 + 16)
    weightCodes = FloatBuffer(
      (kind.isDepthwise ? 0 : kernels.integerWeightByteCount(shape)) / 4 + 16)
    for buffer in [input, output, weight, transposed, transformed] {
      for index in 0..<buffer.count { buffer.start[index] = Float(index % 7) - 3 }
    }
  }

  func forward() {
    let shape = kind.shape
    if kind.isDepthwise {
      context.kernels.depthwiseForward(
        shape, input: input.start, weight: weight.start, bias: nil, output: output.start,
        scratch: scratch.start)
    } else if let tile = kind.tile {
      context.kernels.winogradConvolve(
        tile: tile, shape, images: kind.images, input: input.start,
        inputStep: input.count / kind.images, transformedWeight: transformed.start, ending: .init(),
        output: output.start, outputStep: output.count / kind.images, scratch: scratch.start)
    } else {
      runner.forward(
        shape, input: input.start, weight: weight.start, bias: nil, output: output.start,
        scratch: scratch.start)
    }
  }

  /// The same images' codes, which are zero: the time does not depend on them.
  func integerForward() {
    let shape = kind.shape
    for image in 0..<kind.images {
      let size = input.count / kind.images
      context.kernels.integerConvolution(
        shape,
        input: (UnsafeRawPointer(codes.start) + image * size).assumingMemoryBound(to: UInt8.self),
        padCode: 0,
        packedWeight: UnsafeRawPointer(weightCodes.start).assumingMemoryBound(to: Int8.self),
        scale: weight.start, offset: weight.start, rows: 0..<shape.outputHeight,
        output: output.start + image * (output.count / kind.images), scratch: scratch.start)
    }
  }

  func dataGradient() {
    let shape = kind.shape
    if kind.isDepthwise {
      context.kernels.depthwiseDataGradient(
        shape, outputGradient: output.start, weight: weight.start, inputGradient: input.start,
        accumulate: false, scratch: scratch.start)
    } else if let tile = kind.tile {
      context.kernels.winogradBackward(
        tile: tile, shape, images: kind.images,
        WinogradGradients(
          outputGradient: output.start, step: output.count / kind.images,
          inputs: .init(
            gradient: input.start, step: input.count / kind.images, accumulate: false,
            transformedWeight: transformed.start)),
        scratch: scratch.start)
    } else {
      runner.dataGradient(
        shape, outputGradient: output.start, weight: weight.start,
        transposedWeight: transposed.start, inputGradient: input.start, accumulate: false,
        scratch: scratch.start)
    }
  }

  func weightGradient() {
    let shape = kind.shape
    if kind.isDepthwise {
      context.kernels.depthwiseWeightGradient(
        shape, input: input.start, outputGradient: output.start,
        weightGradient: sums.start, biasGradient: nil, scratch: scratch.start)
    } else if let tile = kind.tile {
      context.kernels.winogradBackward(
        tile: tile, shape, images: kind.images,
        WinogradGradients(
          outputGradient: output.start, step: output.count / kind.images,
          weights: .init(
            gradient: sums.start, input: input.start, step: input.count / kind.images)),
        scratch: scratch.start)
    } else {
      runner.weightGradient(
        shape, input: input.start, outputGradient: output.start,
        weightGradient: sums.start, biasGradient: nil, scratch: scratch.start)
    }
  }
}
