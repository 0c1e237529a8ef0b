/// The element types of safetensors files; raw values are the format's own names.
public enum SafetensorsType: String, Sendable, CaseIterable {
  /// One byte, 0 or 1.
  case bool = "BOOL"
  /// Unsigned 8-bit integers.
  case u8 = "U8"
  /// Signed 8-bit integers.
  case i8 = "I8"
  /// Unsigned 16-bit integers.
  case u16 = "U16"
  /// Signed 16-bit integers.
  case i16 = "I16"
  /// Unsigned 32-bit integers.
  case u32 = "U32"
  /// Signed 32-bit integers.
  case i32 = "I32"
  /// Unsigned 64-bit integers.
  case u64 = "U64"
  /// Signed 64-bit integers.
  case i64 = "I64"
  /// IEEE 754 half precision.
  case f16 = "F16"
  /// The upper half of single precision.
  case bf16 = "BF16"
  /// IEEE 754 single precision.
  case f32 = "F32"
  /// IEEE 754 double precision.
  case f64 = "F64"

  /// The size of one element in bytes.
  public var byteCount: Int {
    switch self {
    case .bool, .u8, .i8: 1
    case .u16, .i16, .f16, .bf16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64: 8
    }
  }
}
