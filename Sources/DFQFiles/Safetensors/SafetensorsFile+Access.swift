public import DFQTensor

extension SafetensorsFile {
  /// A tensor as Float32.
  ///
  /// F32, F16 and BF16 keep their values and F64 is rounded; integers and BOOL are taken where
  /// Float32 has exactly that value.
  /// - Throws: ``InterchangeError/missingTensor(path:name:)``; with a finite F64 beyond Float32's
  ///   range or an integer without an exact counterpart
  ///   ``InterchangeError/notRepresentable(path:tensor:position:value:)``.
  public func tensor(_ name: String) throws -> Tensor {
    let entry = try entry(name)
    return Tensor(shape: entry.shape, elements: try floats(entry))
  }

  /// A tensor as Float32 that must have the given shape.
  /// - Throws: As ``tensor(_:)``, and ``InterchangeError/wrongShape(path:tensor:expected:found:)``.
  public func tensor(_ name: String, shape: Shape) throws -> Tensor {
    let found = try entry(name).shape
    guard found == shape else {
      throw InterchangeError.wrongShape(path: path, tensor: name, expected: shape, found: found)
    }
    return try tensor(name)
  }

  /// A tensor's bytes as they are in the file, little-endian.
  /// - Throws: ``InterchangeError/missingTensor(path:name:)``.
  public func bytes(_ name: String) throws -> [UInt8] {
    Array(try entry(name).bytes)
  }

  /// The elements of a U8 or BOOL tensor in row-major order.
  /// - Throws: ``InterchangeError/missingTensor(path:name:)``,
  ///   ``InterchangeError/wrongType(path:tensor:expected:found:)``.
  public func uint8s(_ name: String) throws -> [UInt8] {
    let entry = try entry(name)
    guard entry.type == .u8 || entry.type == .bool else { throw wrongType(entry, "U8 or BOOL") }
    return Array(entry.bytes)
  }

  /// The elements of an integer tensor in row-major order.
  /// - Throws: ``InterchangeError/missingTensor(path:name:)``,
  ///   ``InterchangeError/wrongType(path:tensor:expected:found:)`` for floating-point types, and
  ///   ``InterchangeError/notRepresentable(path:tensor:position:value:)`` for U64 from 2^63.
  public func int64s(_ name: String) throws -> [Int64] {
    let entry = try entry(name)
    switch entry.type {
    case .bool, .u8: return entry.bytes.map { Int64($0) }
    case .i8: return entry.bytes.map { Int64(Int8(bitPattern: $0)) }
    case .u16: return UInt16.littleEndian(entry.bytes).map { Int64($0) }
    case .i16: return Int16.littleEndian(entry.bytes).map { Int64($0) }
    case .u32: return UInt32.littleEndian(entry.bytes).map { Int64($0) }
    case .i32: return Int32.littleEndian(entry.bytes).map { Int64($0) }
    case .i64: return Int64.littleEndian(entry.bytes)
    case .u64: return try exact(UInt64.littleEndian(entry.bytes), entry) { Int64(exactly: $0) }
    case .f16, .bf16, .f32, .f64: throw wrongType(entry, "an integer type")
    }
  }

  private func floats(_ entry: Entry) throws -> [Float] {
    switch entry.type {
    case .f32: return Float.littleEndian(entry.bytes)
    case .bf16:
      return UInt16.littleEndian(entry.bytes).map { Float(bitPattern: UInt32($0) << 16) }
    case .f16: return UInt16.littleEndian(entry.bytes).map { Float(halfBits: $0) }
    case .f64:
      return try exact(UInt64.littleEndian(entry.bytes).map { Double(bitPattern: $0) }, entry) {
        let rounded = Float($0)
        return rounded.isFinite || !$0.isFinite ? rounded : nil
      }
    case .u64: return try exact(UInt64.littleEndian(entry.bytes), entry) { Float(exactly: $0) }
    default: return try exact(try int64s(entry.name), entry) { Float(exactly: $0) }
    }
  }

  private func exact<Value, Result>(
    _ values: [Value], _ entry: Entry, convert: (Value) -> Result?
  ) throws -> [Result] {
    var results: [Result] = []
    results.reserveCapacity(values.count)
    for (position, value) in values.enumerated() {
      guard let result = convert(value) else {
        throw InterchangeError.notRepresentable(
          path: path, tensor: entry.name, position: position, value: "\(value)")
      }
      results.append(result)
    }
    return results
  }

  private func wrongType(_ entry: Entry, _ expected: String) -> InterchangeError {
    .wrongType(path: path, tensor: entry.name, expected: expected, found: entry.type.rawValue)
  }
}
