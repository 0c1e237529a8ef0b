import DFQGraph
import DFQTensor

/// Grouped convolutions that are neither dense nor depthwise, and dilated ones: each group is
/// gathered, run dense and scattered. Dilated kernels get zeros between their taps.
extension ConvolutionRunner {
  /// Where a group's gathered input, output and weights lie in the scratch memory, behind the
  /// runner's own.
  private struct Room {
    let input: UnsafeMutablePointer<Float>
    let output: UnsafeMutablePointer<Float>
    let weight: UnsafeMutablePointer<Float>

    init(_ shape: ConvolutionShape, groups: ConvolutionGroups, scratch: UnsafeMutablePointer<Float>)
    {
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

  /// Calls a closure with the offsets of each tap's weights, KH KW I and one row each: in all groups'
  /// weights, and in the gathered ones with gaps between taps.
  private func forEachTap(
    _ shape: ConvolutionShape, groups: ConvolutionGroups,
    _ body: (_ source: Int, _ gathered: Int) -> Void
  ) {
    let (i, o) = (shape.inputChannels, shape.outputChannels)
    var tap = 0
    for y in stride(from: 0, to: shape.kernelHeight, by: groups.dilation.height) {
      for x in stride(from: 0, to: shape.kernelWidth, by: groups.dilation.width) {
        body(tap * i * groups.count * o, (y * shape.kernelWidth + x) * i * o)
        tap += 1
      }
    }
  }

  private func gatherWeights(
    _ shape: ConvolutionShape, groups: ConvolutionGroups, from source: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    let (i, o) = (shape.inputChannels, shape.outputChannels)
    if groups.dilation != Size2D(1) { target.update(repeating: 0, count: shape.window * o) }
    forEachTap(shape, groups: groups) { from, to in
      copyChannels(
        rows: i, from: source + from, sourceStride: groups.count * o, to: target + to,
        targetStride: o, count: o)
    }
  }

  /// Adds to `target`.
  private func scatterWeights(
    _ shape: ConvolutionShape, groups: ConvolutionGroups, from source: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    let (i, o) = (shape.inputChannels, shape.outputChannels)
    forEachTap(shape, groups: groups) { to, from in
      copyChannels(
        rows: i, from: source + from, sourceStride: o, to: target + to,
        targetStride: groups.count * o, count: o, adding: true)
    }
  }

  func groupedForward(
    _ shape: ConvolutionShape, groups: ConvolutionGroups, input: UnsafePointer<Float>,
    weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let room = Room(shape, groups: groups, scratch: scratch)
    let (i, o) = (shape.inputChannels, shape.outputChannels)
    let count = groups.count
    for group in 0..<count {
      copyChannels(
        rows: shape.inputHeight * shape.inputWidth, from: input + group * i,
        sourceStride: count * i, to: room.input, targetStride: i, count: i)
      gatherWeights(shape, groups: groups, from: weight + group * o, to: room.weight)
      forward(
        shape, input: room.input, weight: room.weight, bias: bias.map { $0 + group * o },
        output: room.output, scratch: scratch)
      copyChannels(
        rows: shape.outputHeight * shape.outputWidth, from: room.output, sourceStride: o,
        to: output + group * o, targetStride: count * o, count: o)
    }
  }

  /// Adds to `weightGradient` and `biasGradient` where given, writes or adds to `inputGradient`
  /// where given.
  func groupedBackward(
    _ shape: ConvolutionShape, groups: ConvolutionGroups, input: UnsafePointer<Float>,
    weight: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>?, accumulate: Bool,
    weightGradient: UnsafeMutablePointer<Float>?, biasGradient: UnsafeMutablePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let room = Room(shape, groups: groups, scratch: scratch)
    let (i, o) = (shape.inputChannels, shape.outputChannels)
    let inputPixels = shape.inputHeight * shape.inputWidth
    let count = groups.count
    for group in 0..<count {
      copyChannels(
        rows: shape.outputHeight * shape.outputWidth, from: outputGradient + group * o,
        sourceStride: count * o, to: room.output, targetStride: o, count: o)
      if let weightGradient {
        copyChannels(
          rows: inputPixels, from: input + group * i, sourceStride: count * i, to: room.input,
          targetStride: i, count: i)
        room.weight.update(repeating: 0, count: shape.window * o)
        self.weightGradient(
          shape, input: room.input, outputGradient: room.output, weightGradient: room.weight,
          biasGradient: biasGradient.map { $0 + group * o }, scratch: scratch)
        scatterWeights(shape, groups: groups, from: room.weight, to: weightGradient + group * o)
      }
      guard let inputGradient else { continue }
      // Group by group the transposed weights are KH KW O/g I/g; the scratch behind room.weight is
      // free for them.
      gatherWeights(shape, groups: groups, from: weight + group * o, to: room.weight)
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
        targetStride: count * i, count: i, adding: accumulate)
    }
  }
}
