/// Values (or gradients) of neighbouring images: one image's after the other's, `step` floats
/// apart.
struct Arenas: @unchecked Sendable {
  /// The first image's.
  let start: UnsafeMutablePointer<Float>
  let step: Int
  let first: Int

  subscript(image: Int) -> UnsafeMutablePointer<Float> { start + (image - first) * step }
}

/// Images of one lane that are computed together, and the memory a thread computes them in.
struct ImageGroup: @unchecked Sendable {
  let images: Range<Int>
  let lane: Int
  let scratch: UnsafeMutablePointer<Float>
  let values: Arenas
  let gradients: Arenas
}
