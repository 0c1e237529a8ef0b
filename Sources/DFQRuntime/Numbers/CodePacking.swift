/// Signed codes of 2 to 8 bits as a string of bits, the first code in the lowest bits of the first
/// byte.
///
/// A code c of b bits is stored as the number c + 2^(b-1), so that codes -2^(b-1)...2^(b-1)-1 take b bits
/// each and none is lost between them.
package enum CodePacking {
  /// The bytes that codes take.
  package static func byteCount(_ count: Int, bits: Int) -> Int { (count * bits + 7) / 8 }

  /// The packed form of codes.
  package static func pack(_ codes: [Int8], bits: Int) -> [UInt8] {
    let half = 1 << (bits - 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount(codes.count, bits: bits))
    var (buffer, filled) = (0, 0)
    for code in codes {
      buffer |= (Int(code) + half) << filled
      filled += bits
      while filled >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: buffer))
        buffer >>= 8
        filled -= 8
      }
    }
    if filled > 0 { bytes.append(UInt8(truncatingIfNeeded: buffer)) }
    return bytes
  }

  /// The codes of a packed form of `byteCount(count, bits: bits)` bytes.
  package static func unpack(_ bytes: ArraySlice<UInt8>, count: Int, bits: Int) -> [Int8] {
    let half = 1 << (bits - 1)
    let mask = (1 << bits) - 1
    return [Int8](unsafeUninitializedCapacity: count) { codes, filledCodes in
      var (buffer, filled) = (0, 0)
      var position = bytes.startIndex
      for index in 0..<count {
        if filled < bits {
          buffer |= Int(bytes[position]) << filled
          position += 1
          filled += 8
        }
        codes[index] = Int8(truncatingIfNeeded: (buffer & mask) - half)
        buffer >>= bits
        filled -= bits
      }
      filledCodes = count
    }
  }
}
