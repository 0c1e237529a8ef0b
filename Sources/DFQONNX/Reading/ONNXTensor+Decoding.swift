import Foundation

extension ONNXTensor {
  /// Decodes a tensor; `external` finds the bytes of one whose data are in another file.
  ///
  /// - Throws: ``ONNXError/badTensor(path:name:expected:found:)``.
  init(
    _ tensor: Onnx_TensorProto, path: String, external: (Onnx_TensorProto, Int) throws -> Data
  ) throws {
    func refuse(_ expected: String, _ found: String) -> ONNXError {
      .badTensor(path: path, name: tensor.name, expected: expected, found: found)
    }
    let shape = tensor.dims.map { Int(exactly: $0) ?? -1 }
    guard let count = ONNXTensor.count(shape) else {
      throw refuse(
        "at most \(ONNXLimits.rank) extents and \(ONNXLimits.elements) elements", "\(tensor.dims)")
    }
    guard let type = Onnx_TensorProto.DataType(rawValue: Int(tensor.dataType)),
      let width = type.bits
    else { throw refuse("numbers", "elements of type \(tensor.dataType)") }
    let byteCount = (count * width + 7) / 8
    var raw: Data?
    if tensor.dataLocation == .external {
      raw = try external(tensor, byteCount)
    } else if tensor.hasRawData {
      raw = tensor.rawData
    }
    if let raw {
      guard raw.count == byteCount else {
        throw refuse("\(byteCount) bytes for \(count) elements", "\(raw.count)")
      }
      self = ONNXTensor.decode([UInt8](raw), type, shape, count)
      return
    }
    func checked<Element>(_ values: [Element]) throws -> [Element] {
      guard values.count == count else { throw refuse("\(count) elements", "\(values.count)") }
      return values
    }
    switch type {
    case .float: self.init(shape, floats: try checked(tensor.floatData))
    case .double: self.init(shape, floats: try checked(tensor.doubleData).map { Float($0) })
    case .float16, .bfloat16:
      let bits = try checked(tensor.int32Data).map { UInt16(truncatingIfNeeded: $0) }
      self.init(shape, floats: bits.map { type == .float16 ? $0.float16 : $0.brainFloat })
    case .int64: self.init(shape, integers: try checked(tensor.int64Data).map { Int($0) })
    case .uint64, .uint32:
      self.init(shape, integers: try checked(tensor.uint64Data).map { Int(clamping: $0) })
    default: self.init(shape, integers: try checked(tensor.int32Data).map { Int($0) })
    }
  }

  private static func decode(
    _ bytes: [UInt8], _ type: Onnx_TensorProto.DataType, _ shape: [Int], _ count: Int
  ) -> ONNXTensor {
    func words<Word: FixedWidthInteger>(_: Word.Type) -> [Word] {
      bytes.withUnsafeBytes { buffer in
        (0..<count).map {
          Word(
            littleEndian: buffer.loadUnaligned(
              fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self))
        }
      }
    }
    switch type {
    case .float:
      return ONNXTensor(shape, floats: words(UInt32.self).map { Float(bitPattern: $0) })
    case .double:
      return ONNXTensor(shape, floats: words(UInt64.self).map { Float(Double(bitPattern: $0)) })
    case .float16: return ONNXTensor(shape, floats: words(UInt16.self).map(\.float16))
    case .bfloat16: return ONNXTensor(shape, floats: words(UInt16.self).map(\.brainFloat))
    case .int8: return ONNXTensor(shape, integers: words(Int8.self).map { Int($0) })
    case .uint8, .bool: return ONNXTensor(shape, integers: words(UInt8.self).map { Int($0) })
    case .int16: return ONNXTensor(shape, integers: words(Int16.self).map { Int($0) })
    case .uint16: return ONNXTensor(shape, integers: words(UInt16.self).map { Int($0) })
    case .int32: return ONNXTensor(shape, integers: words(Int32.self).map { Int($0) })
    case .uint32: return ONNXTensor(shape, integers: words(UInt32.self).map { Int($0) })
    case .uint64: return ONNXTensor(shape, integers: words(UInt64.self).map { Int(clamping: $0) })
    default: return ONNXTensor(shape, integers: words(Int64.self).map { Int($0) })
    }
  }
}

extension Onnx_TensorProto.DataType {
  /// The bits of an element; nil for types that are no numbers, or that weights don't have.
  fileprivate var bits: Int? {
    switch self {
    case .int8, .uint8, .bool: 8
    case .int16, .uint16, .float16, .bfloat16: 16
    case .int32, .uint32, .float: 32
    case .int64, .uint64, .double: 64
    default: nil
    }
  }
}

extension UInt16 {
  /// The number in half precision, with subnormal numbers, infinity and NaN.
  fileprivate var float16: Float {
    let sign: Float = self & 0x8000 == 0 ? 1 : -1
    let exponent = Int(self >> 10 & 31)
    let fraction = Float(self & 1023) / 1024
    switch exponent {
    case 0: return sign * fraction * Float(sign: .plus, exponent: -14, significand: 1)
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
    }
  }

  /// The number whose upper half this is.
  fileprivate var brainFloat: Float { Float(bitPattern: UInt32(self) << 16) }
}
