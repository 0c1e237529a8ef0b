import DFQFiles
import DFQTensor

/// Writes an integer model as the three parts of its file.
///
/// The *program* is a string of bytes: whole numbers as LEB128 (seven bits a byte, the lowest first),
/// texts as their length and UTF-8. The *constants* are all floating-point numbers in the order in which
/// the program mentions them, and the *weights* all codes at their own width (``CodePacking``), each
/// layer beginning at a byte.
package struct ModelWriter {
  private(set) var program: [UInt8] = []
  private(set) var constants: [Float] = []
  private(set) var weights: [UInt8] = []

  /// The bytes of a file.
  static func file(_ model: IntegerModel) -> SafetensorsFile {
    var writer = ModelWriter()
    writer.add(model)
    var file = SafetensorsFile(metadata: ["format": ModelFormat.name])
    file.add("constants", Tensor(shape: [writer.constants.count], elements: writer.constants))
    file.add("program", [writer.program.count], uint8s: writer.program)
    file.add("weights", [writer.weights.count], uint8s: writer.weights)
    return file
  }

  /// The bytes of the weights and the number of constants.
  static func sizes(_ model: IntegerModel) -> (weights: Int, constants: Int) {
    var writer = ModelWriter()
    writer.add(model)
    return (writer.weights.count, writer.constants.count)
  }

  mutating func add(_ number: Int) {
    var rest = UInt64(number)
    while rest >= 0x80 {
      program.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    program.append(UInt8(rest))
  }

  private mutating func add(_ text: String) {
    let bytes = Array(text.utf8)
    add(bytes.count)
    program += bytes
  }

  /// The bits of a number in double precision.
  private mutating func add(_ number: Double) {
    add(Int(number.bitPattern >> 32))
    add(Int(number.bitPattern & 0xffff_ffff))
  }

  /// A list of numbers with its length.
  mutating func add(_ numbers: [Float]) {
    add(numbers.count)
    constants += numbers
  }

  /// Numbers whose count a reader knows.
  mutating func add(constants numbers: [Float]) { constants += numbers }

  private mutating func add(_ shape: Shape) {
    add(shape.rank)
    for extent in shape.dimensions { add(extent) }
  }

  private mutating func add(_ model: IntegerModel) {
    add(model.levels.count)
    add(model.thresholds)
    for share in model.shares { add(share) }
    switch model.rule {
    case .threshold: add(0)
    case .ranked(let batch):
      add(1)
      add(batch)
    case .streaming(let rate):
      add(2)
      add(rate)
    }
    add(model.mean)
    add(model.standardDeviation)
    add(model.classNames.count)
    for name in model.classNames { add(name) }
    for level in model.levels { add(level) }
  }

  private mutating func add(_ level: IntegerProgram) {
    add(level.points.count)
    for point in level.points {
      add(point.name)
      add(point.grids.count)
      for grid in point.grids {
        add(max(grid.bits, 1))
        add(grid.lowest == 0 ? 1 : 0)
        constants += [grid.levelsPerUnit, grid.zero]
      }
    }
    add(level.values.count)
    for value in level.values {
      add(value.shape)
      add(value.point.map { $0 + 1 } ?? 0)
    }
    for operation in level.operations { add(operation) }
    add(level.decisions.count)
    for decision in level.decisions { add(decision) }
    add(level.passes.count)
    for pass in level.passes { for position in pass { add(Int(position)) } }
    add(level.passThresholds)
  }

  private mutating func add(_ operation: Operation) {
    add(ModelFormat.code(of: operation.kind))
    add(operation.input)
    switch operation.kind {
    case .convolution(let convolution):
      add(convolution.shape)
      add(convolution.isDepthwise ? 1 : convolution.parts == nil ? 0 : 2)
      if let parts = convolution.parts {
        add(parts.groups)
        add(parts.dilationHeight)
        add(parts.dilationWidth)
      }
      add(convolution.weights)
      add(convolution.bias)
    case .linear(let linear):
      add(linear.inputs)
      add(linear.outputs)
      add(linear.weights)
      add(linear.bias)
    case .maxPool(let window), .averagePool(let window): add(window)
    case .padChannels(let stride, let before):
      add(stride)
      add(before)
    case .padMap(let top, let left):
      add(top)
      add(left)
    case .upsample(let factor): add(factor)
    case .selectChannels(let channels): for channel in channels { add(channel) }
    case .numbers(let any):
      add(type(of: any.operation).code)
      any.operation.write(to: &self)
    case .identity, .globalAveragePool, .reshape: break
    }
    guard ModelFormat.hasEnding(operation.kind) else { return }
    add(operation.ending.scale)
    add(operation.ending.shift)
    add(operation.ending.residual.map { $0 + 1 } ?? 0)
    constants += [operation.ending.negativeSlope, operation.ending.upperBound]
  }

  /// A window's sizes; its input and output are those of the values.
  private mutating func add(_ shape: ConvolutionShape) {
    add(shape.kernelHeight)
    add(shape.kernelWidth)
    add(shape.strideHeight)
    add(shape.strideWidth)
    add(shape.padTop)
    add(shape.padLeft)
  }

  private mutating func add(_ source: Weights) {
    switch source {
    case .floats(let values):
      add(0)
      add(values)
    case .codes(let banks):
      add(banks.count)
      for bank in banks {
        add(bank.bits)
        weights += CodePacking.pack(bank.codes, bits: bank.bits)
        add(bank.levels)
        // Zeros are almost always absent.
        add(bank.zeros == [0] ? [] : bank.zeros)
      }
    }
  }

  private mutating func add(_ decision: Decision) {
    add(decision.point)
    add(decision.statistics.count)
    for statistic in decision.statistics {
      add(ChannelStatistic.allCases.firstIndex(of: statistic)! + (decision.isRounded ? 2 : 0))
    }
    add(decision.positions)
    constants.append(decision.levels)
    add(decision.means)
    add(decision.inverseDeviations)
    add(decision.hidden)
    add(decision.parameters)
    add(decision.penalties)
    add(decision.governs.count)
    for part in decision.governs {
      add(part.point)
      for candidate in part.candidates { add(Int(candidate)) }
    }
  }
}
