import DFQGraph
package import DFQTensor

/// Which convolutions of a plan may be computed in integers: those that read a quantized value.
package struct IntegerPlan {
  /// One convolution.
  struct Entry {
    /// The transform's point it reads.
    let point: Int
    /// Offset of its weights, in bytes.
    let weights: Int
    /// Offset of its weights for Winograd's algorithm in words, in bytes; nil where the direct kernel is faster.
    let words: Int?
    /// Offset of its constants, in floats: the units per level of each output channel, and
    /// `aligned(O)` further the sums of the channels' weight codes.
    let constants: Int
  }

  /// By position in the plan's steps.
  private(set) var entries: [Entry?]
  /// Bytes of all weights.
  private(set) var weightBytes = 0
  /// Bytes of all weights for Winograd's algorithm.
  private(set) var wordBytes = 0
  /// Floats of all constants.
  private(set) var constantCount = 0
  /// Floats of scratch.
  private(set) var scratchCount = 0

  /// Outputs that are computed at a time: they stay in the first-level cache until they are
  /// normalized.
  private static let bandFloats = 4096
  /// With more products a sum of codes might not fit 32 bits.
  private static let mostProducts = 65_793

  init(_ plan: Plan, context: ExecutionContext) {
    entries = [Entry?](repeating: nil, count: plan.steps.count)
    guard context.backend == .direct, context.quantizedArithmetic == .integer else { return }
    for (position, step) in plan.steps.enumerated() {
      guard case .convolution(let convolution) = step.kind, convolution.style == .dense,
        let point = plan.transformPoint[step.inputs[0]]
      else { continue }
      let shape = convolution.shape
      guard shape.window <= IntegerPlan.mostProducts else { continue }
      let words = IntegerPlan.prefersWords(shape, context.kernels) ? wordBytes : nil
      entries[position] = Entry(
        point: point, weights: weightBytes, words: words, constants: constantCount)
      weightBytes += wholeLines(context.kernels.integerWeightByteCount(shape))
      if words != nil {
        wordBytes += wholeLines(context.kernels.codeWinogradWeightByteCount(.words4x4, shape))
      }
      constantCount += 2 * aligned(shape.outputChannels)
      scratchCount = max(scratchCount, IntegerPlan.scratch(shape, context.kernels).count)
    }
  }

  /// Whether Winograd's algorithm in words is faster than the direct kernel.
  ///
  /// It serves all bits, and its weights are transformed anew in each training step.
  private static func prefersWords(_ shape: ConvolutionShape, _ kernels: Kernels) -> Bool {
    kernels.codeWinograds(shape, mostCode: 255).contains(.words4x4)
  }

  /// The rows of outputs that are computed at a time: whole tiles of Winograd's algorithm.
  static func bandRows(_ shape: ConvolutionShape, _ kernels: Kernels) -> Int {
    let unit = prefersWords(shape, kernels) ? CodeWinograd.words4x4.tile.rows : 1
    return unit * max(1, bandFloats / (unit * shape.outputWidth * shape.outputChannels))
  }

  /// Where the scratch memory's parts begin, in floats: scales at 0, then offsets, a band of
  /// outputs, the kernel's own.
  package static func scratch(
    _ shape: ConvolutionShape, _ kernels: Kernels
  ) -> (offset: Int, band: Int, kernel: Int, count: Int) {
    let channels = aligned(shape.outputChannels)
    let band = aligned(bandRows(shape, kernels) * shape.outputWidth * shape.outputChannels)
    let kernel = 2 * channels + band
    let words =
      prefersWords(shape, kernels) ? kernels.codeWinogradScratchByteCount(.words4x4, shape) : 0
    let count = aligned(kernel + (max(kernels.integerScratchByteCount(shape), words) + 3) / 4)
    return (channels, 2 * channels, kernel, count)
  }
}

/// Bytes up to the next cache line.
private func wholeLines(_ bytes: Int) -> Int { 64 * ((bytes + 63) / 64) }
