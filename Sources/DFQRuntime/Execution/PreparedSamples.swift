import DFQTensor

/// The few pixels of a convolution's output that a decision looks at, computed before all others.
///
/// Once the bits are known, the convolution writes codes directly. Without this it writes numbers, which are rounded
/// when the decision is taken: three times the bytes of a map.
struct PreparedSamples: Sendable, BitwiseCopyable {
  /// The sampled pixels, counted row after row.
  let pixels: ConstantList<Int32>
  /// The features of the pixels side by side.
  let features: PreparedFeatures
  /// The bytes of the pixels' values, a multiple of a cache line.
  let valueByteCount: Int
  /// The pixels that each member of a team computes before it waits for the others at the end of the step before; empty where
  /// every member computes all of them.
  var shares: ConstantList<Share>

  /// Successive ones of the sampled pixels.
  struct Share: Sendable, BitwiseCopyable {
    let first: Int
    let count: Int
  }

  /// nil where there is too little to gain: where a large part of the pixels is sampled.
  init?(_ convolution: PreparedConvolution, decision: PreparedDecision, store: ConstantStore) {
    let shape = convolution.shape
    let channels = shape.outputChannels
    let offsets = decision.features.offsets.buffer
    guard !convolution.isDepthwise,
      offsets.count * PreparedSamples.least <= shape.outputHeight * shape.outputWidth
    else { return nil }
    pixels = store.list(offsets.map { $0 / Int32(channels) })
    features = PreparedFeatures(
      kinds: decision.features.kinds,
      offsets: store.list(offsets.indices.map { Int32($0 * channels) }), channels: channels)
    valueByteCount = (4 * offsets.count * channels + 63) / 64 * 64
    shares = store.list([])
  }

  /// Pixels of the map for each sampled one, at least: with fewer, numbers that are rounded later cost less than pixels that
  /// are computed twice (measured on maps of 8 x 8 with 64 channels).
  private static let least = 32

  /// The bytes of scratch memory for the values and their convolution.
  func scratchByteCount(_ convolution: PreparedConvolution, kernels: Kernels) -> Int {
    valueByteCount
      + kernels.codePixelsScratchByteCount(convolution.shape, count: pixels.buffer.count)
  }
}
