import DFQGraph
import DFQTensor

extension StepRunner {
  /// Outputs, in floats, that are normalized together: they are still in the second-level cache.
  private static let bandFloats = 1 << 16

  /// Rows of one image's convolution as sums of products, with the normalization after it where it
  /// `fusesNormalization`.
  func convolveDirectly(
    _ convolution: ConvolutionStep, at position: Int, bank: Int, image: Int, rows: Range<Int>,
    fusesNormalization: Bool, group: ImageGroup
  ) {
    let shape = convolution.shape
    for band in directBands(shape, rows: rows, fusesNormalization: fusesNormalization) {
      convolveBand(convolution, at: position, bank: bank, image: image, rows: band, group: group)
      guard fusesNormalization else { continue }
      normalize(position + 1, image: image, rows: band, group: group)
    }
  }

  /// The rows that are computed at a time.
  private func directBands(
    _ shape: ConvolutionShape, rows: Range<Int>, fusesNormalization: Bool
  ) -> some Sequence<Range<Int>> {
    // The BLAS adds in another order where there are fewer rows.
    let isWhole = !fusesNormalization || context.backend == .blas || !shape.readsEverywhere
    let limit = StepRunner.bandFloats / (shape.outputWidth * shape.outputChannels)
    let height = isWhole ? rows.count : max(1, limit)
    return stride(from: rows.lowerBound, to: rows.upperBound, by: max(height, 1)).lazy.map {
      $0..<min($0 + height, rows.upperBound)
    }
  }

  /// Floats of scratch that rows of a convolution take; fewer rows can take more, because a kernel
  /// divides them otherwise.
  func directScratchCount(_ shape: ConvolutionShape, rows: Range<Int>) -> Int {
    guard shape.readsEverywhere else { return 0 }
    let bands = [true, false].flatMap { directBands(shape, rows: rows, fusesNormalization: $0) }
    return aligned(
      bands.map { kernels.convolutionScratchCount(shape.rows($0).shape) }.max() ?? 0)
  }

  private func convolveBand(
    _ convolution: ConvolutionStep, at position: Int, bank: Int, image: Int, rows: Range<Int>,
    group: ImageGroup
  ) {
    let step = plan.steps[position]
    let shape = convolution.shape
    let parameters = weights.parameters(bank: bank)
    let part =
      rows.count == shape.outputHeight ? (shape: shape, firstInputRow: 0) : shape.rows(rows)
    convolutions.forward(
      part.shape,
      input: group.source(step.inputs[0], image)
        + part.firstInputRow * shape.inputWidth * shape.inputChannels,
      weight: parameters + convolution.weight.lowerBound,
      bias: convolution.bias.map { UnsafePointer(parameters + $0.lowerBound) },
      output: group.value(step.output, image)
        + rows.lowerBound * shape.outputWidth * shape.outputChannels,
      scratch: group.scratch)
  }

  /// Rows of a normalization's outputs, H W C.
  func normalize(_ position: Int, image: Int, rows: Range<Int>, group: ImageGroup) {
    let step = plan.steps[position]
    guard case .normalization(let norm) = step.kind else { return }
    let height = plan.graph.nodes[step.output].outputShape[0]
    let pixels = norm.pixels / height
    let before = rows.lowerBound * pixels * norm.channels
    kernels.affineActivation(
      x: group.source(step.inputs[0], image) + before,
      scale: weights.normalizations.start + norm.prepared,
      shift: weights.normalizations.start + norm.shift,
      residual: norm.hasResidual
        ? UnsafePointer(group.source(step.inputs[1], image) + before) : nil,
      negativeSlope: norm.negativeSlope, upperBound: norm.upperBound, pixels: rows.count * pixels,
      channels: norm.channels,
      y: group.value(step.output, image) + before,
      activationMask: group.activationMask(step.output, image).map { $0 + before / 8 })
  }
}
