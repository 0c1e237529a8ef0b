import DFQFiles
import DFQTensor

/// Reads what ``ModelWriter`` writes; every length is checked before memory is taken for it.
package struct ModelReader {
  private let path: String
  private let program: [UInt8]
  private let constants: [Float]
  let weights: [UInt8]
  private var position = 0
  private var constant = 0
  /// The bytes of weights that have been read.
  var weight = 0

  /// Reads a model and checks it.
  ///
  /// - Throws: ``RuntimeError/badModel(path:expected:found:)``, `InterchangeError`.
  static func model(_ file: SafetensorsFile, path: String) throws -> IntegerModel {
    guard file.metadata["format"] == ModelFormat.name else {
      throw RuntimeError.badModel(
        path: path, expected: "metadata format \"\(ModelFormat.name)\"",
        found: file.metadata["format"] ?? "none")
    }
    var reader = ModelReader(
      path: path, program: try file.uint8s("program"),
      constants: try file.tensor("constants").elements, weights: try file.uint8s("weights"))
    do {
      guard reader.program.count <= ModelFormat.programLimit else {
        throw reader.bad(
          "a program of at most \(ModelFormat.programLimit) bytes", "\(reader.program.count)")
      }
      let model = try reader.model()
      let left = (
        program: reader.program.count - reader.position,
        constants: reader.constants.count - reader.constant,
        weights: reader.weights.count - reader.weight
      )
      guard left == (0, 0, 0) else {
        throw reader.bad(
          "nothing after the program",
          "\(left.program) bytes, \(left.constants) constants and \(left.weights) bytes of weights")
      }
      try model.check()
      return model
    } catch let flaw as IntegerProgram.Flaw {
      throw reader.bad(flaw.expected, flaw.found)
    }
  }

  private init(path: String, program: [UInt8], constants: [Float], weights: [UInt8]) {
    self.path = path
    self.program = program
    self.constants = constants
    self.weights = weights
  }

  func bad(_ expected: String, _ found: String) -> RuntimeError {
    .badModel(path: path, expected: expected, found: found)
  }

  /// A whole number of at most `limit`.
  mutating func number(_ limit: Int, _ what: String) throws -> Int {
    var (value, shift) = (0, 0)
    while true {
      guard position < program.count, shift < 56 else {
        throw bad("\(what) at byte \(position) of the program", "its end")
      }
      let byte = Int(program[position])
      position += 1
      value |= (byte & 0x7f) << shift
      if byte < 0x80 { break }
      shift += 7
    }
    guard value <= limit else { throw bad("\(what) of at most \(limit)", "\(value)") }
    return value
  }

  private mutating func text(_ what: String) throws -> String {
    let count = try number(min(ProgramLimits.nameBytes, program.count), what)
    guard count <= program.count - position,
      let text = String(validating: program[position..<position + count], as: UTF8.self)
    else { throw bad("\(what) as UTF-8", "something else") }
    position += count
    return text
  }

  private mutating func double(_ what: String) throws -> Double {
    let high = UInt64(try number(Int(UInt32.max), what))
    return Double(bitPattern: high << 32 | UInt64(try number(Int(UInt32.max), what)))
  }

  mutating func floats(_ count: Int, _ what: String) throws -> [Float] {
    guard count <= constants.count - constant else {
      throw bad("\(count) numbers for \(what)", "\(constants.count - constant)")
    }
    defer { constant += count }
    return Array(constants[constant..<constant + count])
  }

  mutating func list(_ what: String) throws -> [Float] {
    try floats(try number(constants.count, what), what)
  }

  private mutating func shape() throws -> Shape {
    let rank = try number(3, "a rank")
    return Shape(try (0..<rank).map { _ in try number(ProgramLimits.elements, "an extent") })
  }

  private mutating func model() throws -> IntegerModel {
    let count = try number(ProgramLimits.levels, "a number of levels")
    let thresholds = try list("thresholds")
    let shares = try thresholds.map { _ in try double("a share") }
    let rule: CascadeRule =
      switch try number(2, "a rule") {
      case 0: .threshold
      case 1: .ranked(batch: try number(65536, "a batch"))
      default: .streaming(rate: try double("a rate"))
      }
    let (mean, deviation) = (try list("means"), try list("standard deviations"))
    let classes = try number(ProgramLimits.classes, "a number of classes")
    guard classes <= program.count else { throw bad("names of classes", "\(classes)") }
    let names = try (0..<classes).map { _ in try text("a name of a class") }
    return IntegerModel(
      levels: try (0..<count).map { _ in try level() }, thresholds: thresholds, shares: shares,
      rule: rule, mean: mean, standardDeviation: deviation, classNames: names)
  }

  private mutating func level() throws -> IntegerProgram {
    let points = try (0..<number(ProgramLimits.operations, "a number of points")).map { _ in
      try point()
    }
    let count = try number(ProgramLimits.operations + 1, "a number of values")
    guard count > 0 else { throw bad("a value", "none") }
    let values = try (0..<count).map { _ in
      let shape = try shape()
      let point = try number(points.count, "a point")
      return IntegerProgram.Value(shape: shape, point: point == 0 ? nil : point - 1)
    }
    var result = IntegerProgram(points: points, values: values)
    for index in 1..<count {
      result.operations.append(try operation(values, output: index))
    }
    result.decisions = try (0..<number(points.count, "a number of decisions")).map { _ in
      try decision(points: points.count)
    }
    result.passes = try (0..<number(ProgramLimits.levels, "a number of passes")).map { _ in
      try points.map { _ in UInt8(try number(7, "a candidate")) }
    }
    result.passThresholds = try list("thresholds of passes")
    return result
  }

  private mutating func point() throws -> IntegerProgram.Point {
    let name = try text("a name of a layer")
    let grids = try (0..<number(8, "a number of grids")).map { _ in
      let bits = try number(8, "bits")
      guard bits > 1 else { throw bad("2...8 bits", "\(bits)") }
      let isUnsigned = try number(1, "a sign") == 1
      let numbers = try floats(2, "a grid")
      var grid = Grid(step: 1, bits: bits, nonNegative: isUnsigned)
      grid.levelsPerUnit = numbers[0]
      grid.zero = numbers[1]
      return grid
    }
    return .init(name: name, grids: grids)
  }

  private mutating func decision(points: Int) throws -> Decision {
    let point = try number(points, "a point")
    // Of values before they are rounded, then of rounded ones.
    let kinds = try (0..<number(2, "statistics")).map { _ in try number(3, "a statistic") }
    let statistics = kinds.map { ChannelStatistic.allCases[$0 % 2] }
    let isRounded = kinds.first ?? 0 > 1
    guard kinds.allSatisfy({ ($0 > 1) == isRounded }) else {
      throw bad("statistics of one value", "of two")
    }
    let positions = try number(64, "positions")
    let levels = try floats(1, "levels")[0]
    let (means, deviations) = (try list("means"), try list("deviations"))
    let hidden = try number(4096, "a hidden width")
    let (parameters, penalties) = (try list("parameters"), try list("penalties"))
    guard penalties.count <= 8 else { throw bad("1...8 candidates", "\(penalties.count)") }
    let governs = try (0..<number(points, "points")).map { _ in
      Decision.Governed(
        point: try number(points, "a point"),
        candidates: try penalties.map { _ in UInt8(try number(7, "a candidate")) })
    }
    return Decision(
      point: point, isRounded: isRounded, statistics: statistics, positions: positions,
      levels: levels, means: means, inverseDeviations: deviations, hidden: hidden,
      parameters: parameters, penalties: penalties, governs: governs)
  }
}
