extension FixedWidthInteger {
  /// Numbers from little-endian bytes at any alignment; the bytes must be a multiple of the width.
  internal static func littleEndian(_ bytes: ArraySlice<UInt8>) -> [Self] {
    var result = [Self](repeating: 0, count: bytes.count / MemoryLayout<Self>.size)
    result.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    // Free of cost where the processor has the file's order, as all of today's have.
    if Self(littleEndian: 1) != 1 { for i in result.indices { result[i] = result[i].byteSwapped } }
    return result
  }

  /// The bytes of numbers in little-endian order.
  internal static func littleEndianBytes(_ values: [Self]) -> [UInt8] {
    let ordered = Self(littleEndian: 1) == 1 ? values : values.map(\.byteSwapped)
    return ordered.withUnsafeBytes { [UInt8]($0) }
  }
}

extension Float {
  /// Numbers from little-endian bytes at any alignment; the bytes must be a multiple of four.
  internal static func littleEndian(_ bytes: ArraySlice<UInt8>) -> [Float] {
    guard UInt32(littleEndian: 1) == 1 else {
      return UInt32.littleEndian(bytes).map { Float(bitPattern: $0) }
    }
    return [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, filled in
      UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
      filled = bytes.count / 4
    }
  }

  /// The bytes of numbers in little-endian order.
  internal static func littleEndianBytes(_ values: [Float]) -> [UInt8] {
    guard UInt32(littleEndian: 1) == 1 else {
      return UInt32.littleEndianBytes(values.map(\.bitPattern))
    }
    return values.withUnsafeBytes { [UInt8]($0) }
  }

  /// The value of a half-precision number, by hand because Swift's Float16 is missing on Intel
  /// Macs.
  internal init(halfBits: UInt16) {
    let sign = UInt32(halfBits & 0x8000) << 16
    let exponent = UInt32(halfBits >> 10 & 0x1f)
    let fraction = UInt32(halfBits & 0x3ff)
    switch exponent {
    case 0:
      // Zero or subnormal: the fraction counts steps of 2^-24.
      let magnitude = Float(fraction) * 0x1p-24
      self = Float(bitPattern: magnitude.bitPattern | sign)
    case 0x1f: self = Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
    default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
