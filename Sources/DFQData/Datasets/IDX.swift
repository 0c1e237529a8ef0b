import DFQFiles

/// An array of unsigned bytes in the IDX format of MNIST and Fashion-MNIST.
///
/// Format: two zero bytes, the element type (8: unsigned byte), the number of dimensions, the
/// big-endian 32-bit extents, the elements in row-major order (http://yann.lecun.com/exdb/mnist).
public struct IDX: Sendable, Equatable {
  /// The extents, outermost first: one for labels, three (N H W) for images.
  public let dimensions: [Int]
  /// The elements in row-major order.
  public let values: [UInt8]

  /// The largest accepted array in bytes, packed or not: 1 GiB.
  public static let limit = 1 << 30

  /// Reads a plain or gzip-compressed IDX file of one to three dimensions.
  /// - Throws: ``InterchangeError``: unreadable, damaged, too large, or not of the format.
  public init(contentsOf path: String) throws {
    try self.init(decoding: FileContents.read(path, limit: Self.limit), path: path)
  }

  /// Reads the format from memory, plain or gzip-compressed; `path` is a name for messages.
  /// - Throws: ``InterchangeError``: damaged, too large, or not of the format.
  public init(decoding packed: [UInt8], path: String = "memory") throws {
    let bytes =
      Gzip.isCompressed(packed)
      ? try Gzip.decompressed(packed, limit: Self.limit, path: path) : packed
    guard bytes.count >= 4 else {
      throw InterchangeError.truncated(path: path, expected: 4, found: bytes.count)
    }
    guard bytes[0] == 0, bytes[1] == 0, bytes[2] == 8, (1...3).contains(bytes[3]) else {
      throw InterchangeError.malformed(
        path: path, what: "magic bytes", expected: "0 0 8 and 1 to 3 dimensions",
        found: bytes[..<4].map(String.init).joined(separator: " "))
    }
    let start = 4 + 4 * Int(bytes[3])
    guard bytes.count >= start else {
      throw InterchangeError.truncated(path: path, expected: start, found: bytes.count)
    }
    var extents: [Int] = []
    var count = 1
    for position in stride(from: 4, to: start, by: 4) {
      let extent = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      extents.append(extent)
      // Three extents of 32 bits may pass 64 bits together.
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= Self.limit else {
        throw InterchangeError.tooLarge(
          path: path, what: "number of elements", limit: Self.limit,
          found: overflow ? .max : product)
      }
      count = product
    }
    guard bytes.count >= start + count else {
      throw InterchangeError.truncated(path: path, expected: start + count, found: bytes.count)
    }
    guard bytes.count == start + count else {
      throw InterchangeError.malformed(
        path: path, what: "file size", expected: "\(start + count) bytes", found: "\(bytes.count)")
    }
    dimensions = extents
    values = Array(bytes[start...])
  }
}
