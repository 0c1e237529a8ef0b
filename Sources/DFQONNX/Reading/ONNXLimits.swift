/// What a file may ask for at most.
///
/// Files are hostile: the limits keep products of extents within `Int`, and refuse a small file that asks for more memory than any
/// machine has.
enum ONNXLimits {
  /// Bytes of a model's file: what the protobuf format allows.
  static let fileBytes = (1 << 31) - 1
  /// Bytes of a file with external data.
  static let dataBytes = 1 << 34
  /// Messages inside of messages; attributes with tensors need few.
  static let depth = 40
  /// Messages, names and other fields with lengths of a file, see ``MessageCensus``.
  static let fields = 1 << 22
  /// Bytes of a name.
  static let nameBytes = 1024
  /// Nodes of a graph.
  static let nodes = 100_000
  /// Tensors of a graph.
  static let tensors = 100_000
  /// The dimensions of a tensor.
  static let rank = 8
  /// Elements of one tensor.
  static let elements = 1 << 31
  /// Elements of a tensor that is computed while a graph is read, such as a shape.
  static let foldedElements = 1 << 24
  /// Elements of all tensors whose data are in other files, of which many may name the same bytes.
  static let externalElements = 1 << 32
  /// How many numbers are read and made for each one that the file holds, see ``ImportBudget``.
  static let numbersForEach = 16
  /// The extent of the batch in the shape of a graph's input.
  static let batch = 1 << 20
}
