import DFQRuntime

/// Rounding to the grids of points.
extension ProgramExporter {
  /// The only candidate of a point, nil where it depends on the image.
  func candidate(of point: Int) -> Int? {
    if let fixed { return Int(fixed[point]) }
    let count = program.points[point].grids.count
    // A point that nothing decides has its most bits.
    return choices[point] == nil ? count - 1 : nil
  }

  /// A value as the nearest numbers of a point's grid.
  mutating func round(
    _ value: String, to point: Int, value index: Int, rank: Int, _ label: String
  ) -> String {
    let grids = program.points[point].grids
    let numbers: [String]
    if let candidate = candidate(of: point) {
      if !isExact { return round(value, to: grids[candidate], label) }
      let grid = grids[candidate]
      numbers = [grid.levelsPerUnit, grid.zero, grid.lowest, grid.highest].map { writer.scalar($0) }
    } else {
      numbers = chosen(grids, choice: choices[point]!, rank: rank, label)
    }
    let (number, rounded) = roundByNumbers(value, numbers, label)
    coded[index] = Coded(number: number, levels: numbers[0], point: point)
    return rounded
  }

  private mutating func round(_ value: String, to grid: Grid, _ label: String) -> String {
    switch style.format {
    case .qonnx where grid.bits > 0:
      return quant(
        value, scale: writer.scalar(grid.scale), zeroPoint: writer.scalar(-grid.zero),
        bits: grid.bits, isSigned: grid.lowest < 0, label)
    case .qdq, .qcdq:
      if let type = CodeType(grid, isExact: style.format == .qdq) {
        return quantize(value, grid, type, label)
      }
      fallthrough
    default:
      let numbers = [grid.levelsPerUnit, grid.zero, grid.lowest, grid.highest]
      return roundByNumbers(value, numbers.map { writer.scalar($0) }, label).value
    }
  }

  private mutating func quantize(
    _ value: String, _ grid: Grid, _ type: CodeType, _ label: String
  ) -> String {
    let scale = writer.scalar(grid.scale)
    let zero = writer.integers([grid.zeroPoint], shape: [], type.element, "\(label).zeroPoint")
    var codes = writer.add("QuantizeLinear", [value, scale, zero], "\(label).codes")
    if !type.isFull {
      let low = writer.integers([Int(grid.lowest)], shape: [], type.element, "\(label).lowest")
      let high = writer.integers([Int(grid.highest)], shape: [], type.element, "\(label).highest")
      codes = writer.add("Clip", [codes, low, high], "\(label).clipped")
    }
    return writer.add("DequantizeLinear", [codes, scale, zero], "\(label).quantized")
  }

  /// A `Quant` node of QONNX.
  mutating func quant(
    _ value: String, scale: String, zeroPoint: String, bits: Int, isSigned: Bool, _ label: String
  ) -> String {
    writer.add(
      "Quant", [value, scale, zeroPoint, writer.scalar(Float(bits))], "\(label).quantized",
      attributes: [
        .int("signed", isSigned ? 1 : 0), .int("narrow", 0), .string("rounding_mode", "ROUND"),
      ], domain: "qonnx.custom_op.general")
  }

  /// The numbers of the grid that was chosen for each image.
  private mutating func chosen(
    _ grids: [Grid], choice: String, rank: Int, _ label: String
  ) -> [String] {
    let ones = [Int](repeating: 1, count: rank)
    let fields: [(String, (Grid) -> Float)] = [
      ("levels", \.levelsPerUnit), ("zero", \.zero), ("lowest", \.lowest), ("highest", \.highest),
    ]
    return fields.map { name, field in
      let table = writer.floats(
        grids.map(field), shape: [grids.count] + ones, "\(label).\(name)")
      return writer.add("Gather", [table, choice], "\(label).\(name).chosen")
    }
  }

  /// (clamp(round(levels x - zero), lowest, highest) + zero) / levels.
  private mutating func roundByNumbers(
    _ value: String, _ numbers: [String], _ label: String
  ) -> (number: String, value: String) {
    let (levels, zero, lowest, highest) = (numbers[0], numbers[1], numbers[2], numbers[3])
    var code = writer.add("Mul", [value, levels], "\(label).level")
    code = writer.add("Sub", [code, zero], "\(label).fromZero")
    code = writer.add("Round", [code], "\(label).rounded")
    code = writer.add("Max", [code, lowest], "\(label).atLeast")
    code = writer.add("Min", [code, highest], "\(label).codes")
    let number = writer.add("Add", [code, zero], "\(label).number")
    return (number, writer.add("Div", [number, levels], "\(label).quantized"))
  }
}

/// The type of integers that holds the codes of a grid.
struct CodeType {
  let element: ONNXGraphWriter.Element
  /// Whether the codes are all values of the type, so that nothing is to be clipped.
  let isFull: Bool

  /// nil for codes or zero points that no byte holds; where types are exact, codes of 4 bits have a type of 4 bits.
  init?(_ grid: Grid, isExact: Bool) {
    guard (1...8).contains(grid.bits) else { return nil }
    let isSigned = grid.lowest < 0
    let isHalf = isExact && grid.bits == 4
    let range =
      switch (isSigned, isHalf) {
      case (false, false): 0...255
      case (true, false): -128...127
      case (false, true): 0...15
      case (true, true): -8...7
      }
    let (low, high) = (Int(grid.lowest), Int(grid.highest))
    guard range.contains(grid.zeroPoint), range.contains(low), range.contains(high) else {
      return nil
    }
    element =
      switch (isSigned, isHalf) {
      case (false, false): .uint8
      case (true, false): .int8
      case (false, true): .uint4
      case (true, true): .int4
      }
    isFull = low == range.lowerBound && high == range.upperBound
  }
}
