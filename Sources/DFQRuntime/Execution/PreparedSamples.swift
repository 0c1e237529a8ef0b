import DFQTensor

/// The few pixels of a convolution's output that a decision looks at, computed before all others.
///
/// Once the bits are known, the convolution writes codes directly. Without this it writes numbers, which are rounded
/// when the decision is taken: three times the bytes of a map.
struct PreparedSamples: Sendable, BitwiseCopyable {
  /// The sampled pixels' windows side by side, as a convolution whose windows do not overlap.
  let shape: ConvolutionShape
  /// The row and column of each sampled pixel.
  let pixels: ConstantList<Pixel>
  /// The features of the pixels side by side.
  let features: PreparedFeatures

  /// A place in a map.
  struct Pixel: Sendable, BitwiseCopyable {
    let row: Int
    let column: Int
  }

  /// nil where there is too little to gain: where a large part of the pixels is sampled.
  init?(_ convolution: PreparedConvolution, decision: PreparedDecision, store: ConstantStore) {
    let whole = convolution.shape
    let channels = whole.outputChannels
    let pixels = decision.features.offsets.buffer.map {
      let place = Int($0) / channels
      return Pixel(row: place / whole.outputWidth, column: place % whole.outputWidth)
    }
    guard !convolution.isDepthwise,
      pixels.count * PreparedSamples.least <= whole.outputHeight * whole.outputWidth
    else { return nil }
    self.pixels = store.list(pixels)
    features = PreparedFeatures(
      kinds: decision.features.kinds,
      offsets: store.list(pixels.indices.map { Int32($0 * channels) }), channels: channels)
    shape = ConvolutionShape(
      inputHeight: whole.kernelHeight, inputWidth: whole.kernelWidth * pixels.count,
      inputChannels: whole.inputChannels, outputHeight: 1, outputWidth: pixels.count,
      outputChannels: whole.outputChannels, kernelHeight: whole.kernelHeight,
      kernelWidth: whole.kernelWidth, strideHeight: whole.kernelHeight,
      strideWidth: whole.kernelWidth, padTop: 0, padLeft: 0)
  }

  /// Pixels of the map for each sampled one, at least.
  private static let least = 8

  /// The bytes of the windows, a multiple of a cache line.
  var windowByteCount: Int {
    (shape.inputHeight * shape.inputWidth * shape.inputChannels + 63) / 64 * 64
  }
  /// The bytes of the residual codes and of the values, multiples of a cache line.
  var residualByteCount: Int { (4 * shape.outputCount + 63) / 64 * 64 }

  /// The bytes of scratch memory.
  func scratchByteCount(_ kernels: Kernels) -> Int {
    windowByteCount + 2 * residualByteCount + kernels.integerScratchByteCount(shape) + 64
  }
}
