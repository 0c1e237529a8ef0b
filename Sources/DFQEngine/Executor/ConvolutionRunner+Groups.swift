import DFQGraph
import DFQTensor

/// Grouped convolutions that are neither dense nor depthwise: each group is gathered, run dense and
/// scattered.
extension ConvolutionRunner {
  /// Where a group's gathered input, output and weights lie in the scratch memory, behind the
  /// runner's own.
  private struct Room {
    let input: UnsafeMutablePointer<Float>
    let output: UnsafeMutablePointer<Float>
    let weight: UnsafeMutablePointer<Float>

    init(_ shape: ConvolutionShape, groups: Int, scratch: UnsafeMutablePointer<Float>) {
      let total = ConvolutionRunner.scratchCount(shape, style: .grouped(groups))
      let weights = shape.window * shape.outputChannels
      let outputs = shape.outputHeight * shape.outputWidth * shape.outputChannels
      let inputs = shape.inputHeight * shape.inputWidth * shape.inputChannels
      weight = scratch + (total - weights)
      output = weight - outputs
      input = output - inputs
    }
  }

  private func copyChannels(
    rows: Int, from source: UnsafePointer<Float>, sourceStride: Int,
    to target: UnsafeMutablePointer<Float>, targetStride: Int, count: Int, adding: Bool = false
  ) {
    for row in 0..<rows {
      let from = source + row * sourceStride
      let to = target + row * targetStride
      for channel in 0..<count {
        to[channel] = adding ? to[channel] + from[channel] : from[channel]
      }
    }
  }

  func groupedForward(
    _ shape: ConvolutionShape, groups: Int, input: UnsafePointer<Float>,
    weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let room = Room(shape, groups: groups, scratch: scratch)
    let (i, o) = (shape.inputChannels, shape.outputChannels)
    for group in 0..<groups {
      copyChannels(
        rows: shape.inputHeight * shape.inputWidth, from: input + group * i,
        sourceStride: groups * i, to: room.input, targetStride: i, count: i)
      copyChannels(
        rows: shape.window, from: weight + group * o, sourceStride: groups * o, to: room.weight,
        targetStride: o, count: o)
      forward(
        shape, input: room.input, weight: room.weight, bias: bias.map { $0 + group * o },
        output: room.output, scratch: scratch)
      copyChannels(
        rows: shape.outputHeight * shape.outputWidth, from: room.output, sourceStride: o,
        to: output + group * o, targetStride: groups * o, count: o)
    }
  }

  /// Adds to `weightGradient` and `biasGradient` where given, writes or adds to `inputGradient`
  /// where given.
  func groupedBackward(
    _ shape: ConvolutionShape, groups: Int, input: UnsafePointer<Float>,
    weight: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>?, accumulate: Bool,
    weightGradient: UnsafeMutablePointer<Float>?, biasGradient: UnsafeMutablePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let room = Room(shape, groups: groups, scratch: scratch)
    let (i, o) = (shape.inputChannels, shape.outputChannels)
    let inputPixels = shape.inputHeight * shape.inputWidth
    for group in 0..<groups {
      copyChannels(
        rows: shape.outputHeight * shape.outputWidth, from: outputGradient + group * o,
        sourceStride: groups * o, to: room.output, targetStride: o, count: o)
      if let weightGradient {
        copyChannels(
          rows: inputPixels, from: input + group * i, sourceStride: groups * i, to: room.input,
          targetStride: i, count: i)
        room.weight.update(repeating: 0, count: shape.window * o)
        self.weightGradient(
          shape, input: room.input, outputGradient: room.output, weightGradient: room.weight,
          biasGradient: biasGradient.map { $0 + group * o }, scratch: scratch)
        copyChannels(
          rows: shape.window, from: room.weight, sourceStride: o, to: weightGradient + group * o,
          targetStride: groups * o, count: o, adding: true)
      }
      guard let inputGradient else { continue }
      // Group by group the transposed weights are KH KW O/g I/g; the scratch behind room.weight is
      // free for them.
      copyChannels(
        rows: shape.window, from: weight + group * o, sourceStride: groups * o, to: room.weight,
        targetStride: o, count: o)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: shape.window * o) { transposed in
        let transposed = transposed.baseAddress!
        Kernels.transposeWeights(
          room.weight, taps: shape.kernelHeight * shape.kernelWidth, inputChannels: i,
          outputChannels: o, transposed: transposed)
        dataGradient(
          shape, outputGradient: room.output, weight: room.weight, transposedWeight: transposed,
          inputGradient: room.input, accumulate: false, scratch: scratch)
      }
      copyChannels(
        rows: inputPixels, from: room.input, sourceStride: i, to: inputGradient + group * i,
        targetStride: groups * i, count: i, adding: accumulate)
    }
  }
}
