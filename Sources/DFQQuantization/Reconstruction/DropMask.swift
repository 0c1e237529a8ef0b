package import DFQTensor

/// Which elements stay in floating point in a step: QDrop's draws, a function of the step's key, the point, the image
/// and the element.
package struct DropMask {
  /// What is drawn in a step.
  package var key: UInt64
  /// The share that is kept.
  package let share: Float

  /// Makes a mask.
  package init(key: UInt64, share: Float) {
    self.key = key
    self.share = share
  }

  /// Whether any draw keeps an element.
  package var keepsAny: Bool { share > 0 }

  /// Draws below it, of 2^24, keep an element.
  private var threshold: UInt32 { UInt32((Double(share) * 0x1p24).rounded(.up)) }

  /// A place of its own for every point and image.
  package func stream(point: Int, image: Int) -> UInt64 {
    DropMask.mixed(key &+ UInt64(point + 1) &* 0xD6E8_FEB8_6659_FD93 ^ UInt64(image) << 32)
  }

  /// Writes x to y at the elements that are kept.
  package func keep(
    _ x: UnsafePointer<Float>, stream: UInt64, first: Int = 0, count: Int,
    into y: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    kernels.keepElements(
      stream: stream, threshold: threshold, first: first, x: x, count: count, y: y)
  }

  /// Writes x to y, and 0 at the elements that are kept.
  package func clear(
    _ x: UnsafePointer<Float>, stream: UInt64, first: Int = 0, count: Int,
    into y: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    kernels.clearElements(
      stream: stream, threshold: threshold, first: first, x: x, count: count, y: y)
  }

  /// SplitMix64's step.
  static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
