public import DFQTensor

extension SafetensorsFile {
  /// Adds a tensor as F32; the name must be new.
  public mutating func add(_ name: String, _ tensor: Tensor) {
    let bytes = Float.littleEndianBytes(tensor.elements)
    insert(Entry(name: name, type: .f32, shape: tensor.shape, bytes: bytes[...]))
  }

  /// Adds a U8 tensor in row-major order; the name must be new and the count the shape's.
  public mutating func add(_ name: String, _ shape: Shape, uint8s: [UInt8]) {
    precondition(uint8s.count == shape.count, "\(uint8s.count) elements do not fill \(shape)")
    insert(Entry(name: name, type: .u8, shape: shape, bytes: uint8s[...]))
  }

  /// Adds an I64 tensor in row-major order; the name must be new and the count the shape's.
  public mutating func add(_ name: String, _ shape: Shape, int64s: [Int64]) {
    precondition(int64s.count == shape.count, "\(int64s.count) elements do not fill \(shape)")
    let bytes = Int64.littleEndianBytes(int64s)
    insert(Entry(name: name, type: .i64, shape: shape, bytes: bytes[...]))
  }

  /// The file's bytes; the same tensors and metadata always give the same bytes.
  public func encoded() -> [UInt8] {
    var header = "{"
    if !metadata.isEmpty {
      let fields = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      header += "\"__metadata__\":{"
      header += fields.map { "\($0.key.quotedJSON):\($0.value.quotedJSON)" }
        .joined(separator: ",")
      header += "}"
    }
    var offset = 0
    for entry in entries {
      if header.utf8.count > 1 { header += "," }
      let extents = entry.shape.dimensions.map(String.init).joined(separator: ",")
      header += "\(entry.name.quotedJSON):{\"dtype\":\"\(entry.type.rawValue)\","
      header += "\"shape\":[\(extents)],\"data_offsets\":[\(offset),\(offset + entry.bytes.count)]}"
      offset += entry.bytes.count
    }
    header += "}"
    // The data begins at a multiple of 8, so that a mapped file's numbers are aligned.
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)

    var result = UInt64.littleEndianBytes([UInt64(header.utf8.count)])
    result.reserveCapacity(8 + header.utf8.count + offset)
    result.append(contentsOf: header.utf8)
    for entry in entries { result.append(contentsOf: entry.bytes) }
    return result
  }

  /// Writes the file so that a reader sees all of it or nothing; see ``AtomicFile``.
  /// - Throws: ``InterchangeError/cannotWrite(path:reason:)``.
  public func write(to path: String) throws {
    try AtomicFile.write(encoded(), to: path)
  }
}
