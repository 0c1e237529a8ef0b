/// What a program may ask for at most.
///
/// Programs come from files. The limits keep every product of extents within `Int` and refuse a small
/// file that asks for more memory than its network needs.
enum ProgramLimits {
  /// Operations of a program.
  static let operations = 100_000
  /// Levels of a network.
  static let levels = 7
  /// Elements of one value.
  static let elements = 1 << 28
  /// Elements of all values of an image.
  static let allElements = 1 << 31
  /// Weights of a layer.
  static let weights = 1 << 31
  /// Extent of a kernel, a stride or a padding.
  static let window = 1 << 12
  /// Products of one sum: with more, a sum of products of codes might not fit 32 bits.
  static let products = 65_793
  /// Bytes of a name.
  static let nameBytes = 1024
  /// Classes.
  static let classes = 1 << 20
}
