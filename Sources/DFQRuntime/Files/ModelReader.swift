import DFQFiles
import DFQTensor

/// Reads what ``ModelWriter`` writes; every length is checked before memory is taken for it.
struct ModelReader {
  private let path: String
  private let program: [UInt8]
  private let constants: [Float]
  private let weights: [UInt8]
  private var position = 0
  private var constant = 0
  private var weight = 0

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

  private func bad(_ expected: String, _ found: String) -> RuntimeError {
    .badModel(path: path, expected: expected, found: found)
  }

  /// A whole number of at most `limit`.
  private mutating func number(_ limit: Int, _ what: String) throws -> Int {
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

  private mutating func floats(_ count: Int, _ what: String) throws -> [Float] {
    guard count <= constants.count - constant else {
      throw bad("\(count) numbers for \(what)", "\(constants.count - constant)")
    }
    defer { constant += count }
    return Array(constants[constant..<constant + count])
  }

  private mutating func list(_ what: String) throws -> [Float] {
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

  private mutating func operation(
    _ values: [IntegerProgram.Value], output: Int
  ) throws -> Operation {
    let code = try number(7, "an operation")
    let input = try number(output - 1, "an input")
    let (from, to) = (values[input].shape, values[output].shape)
    let kind: Operation.Kind =
      switch code {
      case 0: .convolution(try convolution(from, to))
      case 1: .linear(try linear())
      case 2: .identity
      case 3: .maxPool(try window(from, to))
      case 4: .averagePool(try window(from, to))
      case 5: .globalAveragePool
      case 6:
        .padChannels(
          stride: try number(ProgramLimits.window, "a stride"),
          before: try number(ProgramLimits.elements, "channels"))
      default: .reshape
      }
    var operation = Operation(kind, input: input)
    guard ModelFormat.hasEnding(kind) else { return operation }
    operation.ending.scale = try list("scales")
    operation.ending.shift = try list("shifts")
    let residual = try number(output, "a residual")
    operation.ending.residual = residual == 0 ? nil : residual - 1
    let numbers = try floats(2, "an activation")
    (operation.ending.negativeSlope, operation.ending.upperBound) = (numbers[0], numbers[1])
    return operation
  }

  private mutating func window(_ input: Shape, _ output: Shape) throws -> ConvolutionShape {
    let sizes = try (0..<6).map { _ in try number(ProgramLimits.window, "a window") }
    guard input.rank == 3, output.rank == 3 else { throw bad("windows of H W C", "\(input)") }
    return ConvolutionShape(
      inputHeight: input[0], inputWidth: input[1], inputChannels: input[2],
      outputHeight: output[0], outputWidth: output[1], outputChannels: output[2],
      kernelHeight: sizes[0], kernelWidth: sizes[1], strideHeight: sizes[2],
      strideWidth: sizes[3], padTop: sizes[4], padLeft: sizes[5])
  }

  private mutating func convolution(
    _ input: Shape, _ output: Shape
  ) throws -> Operation.Convolution {
    let shape = try window(input, output)
    let isDepthwise = try number(1, "a kind of convolution") == 1
    let count = Shape.checkedCount(
      [
        shape.kernelHeight, shape.kernelWidth, shape.inputChannels,
        isDepthwise ? 1 : shape.outputChannels,
      ], limit: ProgramLimits.weights)
    let weights = try source(count: count)
    return .init(
      shape: shape, isDepthwise: isDepthwise, weights: weights, bias: try list("biases"))
  }

  private mutating func linear() throws -> Operation.Linear {
    let inputs = try number(ProgramLimits.elements, "inputs")
    let outputs = try number(ProgramLimits.classes, "outputs")
    let weights = try source(
      count: Shape.checkedCount([inputs, outputs], limit: ProgramLimits.weights))
    return .init(inputs: inputs, outputs: outputs, weights: weights, bias: try list("biases"))
  }

  private mutating func source(count: Int?) throws -> Weights {
    let banks = try number(8, "versions of weights")
    guard banks > 0 else { return .floats(try list("weights")) }
    guard let count else { throw bad("at most \(ProgramLimits.weights) weights", "more") }
    return .codes(
      try (0..<banks).map { _ in
        let bits = try number(8, "bits")
        guard bits > 1 else { throw bad("2...8 bits", "\(bits)") }
        let bytes = CodePacking.byteCount(count, bits: bits)
        guard bytes <= weights.count - weight else {
          throw bad("\(bytes) bytes of weights", "\(weights.count - weight)")
        }
        let codes = CodePacking.unpack(
          weights[weight..<weight + bytes], count: count, bits: bits)
        weight += bytes
        let levels = try list("levels")
        let zeros = try list("zeros")
        return CodedWeights(
          bits: bits, codes: codes, levels: levels, zeros: zeros.isEmpty ? [0] : zeros)
      })
  }

  private mutating func decision(points: Int) throws -> Decision {
    let point = try number(points, "a point")
    let statistics = try (0..<number(2, "statistics")).map { _ in
      ChannelStatistic.allCases[try number(1, "a statistic")]
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
      point: point, statistics: statistics, positions: positions, levels: levels, means: means,
      inverseDeviations: deviations, hidden: hidden, parameters: parameters, penalties: penalties,
      governs: governs)
  }
}
