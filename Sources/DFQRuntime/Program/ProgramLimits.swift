/// What a program may ask for at most.
///
/// Programs come from files. The limits keep every product of extents within `Int` and refuse a small
/// file that asks for more memory than its network needs.
enum ProgramLimits {
  /// Operations of a program.
  static let operations = 16_384
  /// Levels of a network.
  static let levels = 7
  /// Elements of one value.
  static let elements = 1 << 24
  /// Elements of all values of an image.
  static let allElements = 1 << 27
  /// Channels of an image, for each of which there is a table of pixels.
  static let imageChannels = 1024
  /// Weights of a layer.
  static let weights = 1 << 31
  /// Values that are joined.
  static let joined = 4096
  /// Extent of a kernel, a stride or a padding; kernels keep a pointer for each row of a window.
  static let window = 256
  /// Elements of a row of an image with all that its windows reach, which kernels count in 32 bits.
  static let rowElements = 1 << 30
  /// Bytes of a thread's scratch memory.
  static let scratchBytes = 1 << 28
  /// Products of one sum: with more, a sum of products of codes might not fit 32 bits.
  static let products = 65_793
  /// Bytes of a name.
  static let nameBytes = 1024
  /// Bytes of packed weights and constants, for a network of so many weights.
  ///
  /// A weight takes up to eight bytes for one of Winograd's algorithms, and there are four; layers of few channels are padded to
  /// whole vectors.
  static func constantBytes(weights: Int) -> Int { 1 << 28 + 24 * weights }
  /// Classes.
  static let classes = 1 << 20
}
