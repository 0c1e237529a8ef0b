internal import DFQTensor

extension SafetensorsFile {
  /// One tensor as the header describes it, checked as far as that goes without the other tensors.
  internal struct Description {
    let name: String
    let type: SafetensorsType
    let shape: Shape
    /// The offsets of the first byte and of the byte behind the last one, from the start of the
    /// data.
    let begin: Int
    let end: Int

    init(name: String, _ value: HeaderJSON, path: String) throws {
      func malformed(_ what: String, _ expected: String, _ found: String) -> InterchangeError {
        .malformed(path: path, what: "\(what) of \"\(name)\"", expected: expected, found: found)
      }
      guard case .object(let fields) = value, fields.count == 3,
        case .string(let typeName)? = value["dtype"],
        let extents = value["shape"]?.integers,
        let offsets = value["data_offsets"]?.integers, offsets.count == 2
      else {
        throw malformed("description", "dtype, shape and two data_offsets", "something else")
      }
      guard let type = SafetensorsType(rawValue: typeName) else {
        throw InterchangeError.unsupported(
          path: path, what: "element type \(typeName) of tensor \"\(name)\"")
      }
      guard offsets[0] <= offsets[1] else {
        throw malformed("data_offsets", "begin <= end", "\(offsets[0]) > \(offsets[1])")
      }
      // With a zero among the extents the others are not bounded by the data, but their product
      // must be defined.
      guard
        let count = Shape.checkedCount(extents, limit: .max),
        Shape.checkedCount(extents.filter { $0 > 0 }, limit: Int.max / 8) != nil
      else { throw malformed("shape", "a product below 2^60", "\(extents.prefix(8))") }
      guard count * type.byteCount == offsets[1] - offsets[0] else {
        throw malformed(
          "size", "\(count) x \(type.byteCount) bytes", "\(offsets[1] - offsets[0])")
      }
      self.name = name
      self.type = type
      shape = Shape(extents)
      begin = offsets[0]
      end = offsets[1]
    }

    /// The tensor with its part of the data, whose bounds the caller has checked.
    func entry(in data: ArraySlice<UInt8>) -> Entry {
      let base = data.startIndex
      return Entry(name: name, type: type, shape: shape, bytes: data[base + begin..<base + end])
    }
  }
}
