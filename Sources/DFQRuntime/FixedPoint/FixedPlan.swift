import DFQTensor

/// The stored form of every value and the real ending of every operation, for one choice of candidates.
///
/// Values that have no grid are 32-bit numbers. Their unit is a part of the step of the grid that they are
/// rounded to later, 2^-14 of it; where elements are averaged, a larger one, so that their sums fit 32 bits.
/// The logits' unit is the smallest power of two with which no logit exceeds 2^23.
struct FixedPlan {
  let program: IntegerProgram
  /// The candidate at each point.
  let positions: [UInt8]
  private(set) var forms: [FixedForm] = []
  /// nil for operations that move elements.
  private(set) var endings: [RealEnding?] = []

  /// The bits of the largest number, and of the largest in units of the step that it is rounded to.
  private static let numberBits = 27
  private static let rangeBits = 13
  private static let logitBits = 23

  init(_ program: IntegerProgram, positions: [UInt8]) throws {
    self.program = program
    self.positions = positions
    let uses = FixedPlan.uses(program, positions: positions)
    // The image; the first operation's table makes codes of it.
    forms.append(.numbers(levelsPerUnit: 1, most: 1))
    for (index, operation) in program.operations.enumerated() {
      let value = index + 1
      if operation.movesCodes {
        forms.append(forms[operation.input])
        endings.append(nil)
        continue
      }
      if operation.input == 0 {
        forms.append(.codes(grid(program.values[value].point!)))
        endings.append(nil)
        continue
      }
      var ending: RealEnding
      do {
        ending = try sums(operation)
      } catch let error as FixedConstants.Failure {
        throw RuntimeError.unsupported(layer: program.layerName(index), what: error.what)
      }
      ending.append(
        operation.ending, residual: operation.ending.residual.map { forms[$0] },
        followsProducts: operation.kind != .identity)
      forms.append(form(value, use: uses[value], most: ending.mostValue))
      endings.append(ending)
    }
  }

  private func grid(_ point: Int) -> Grid { program.points[point].grids[Int(positions[point])] }

  private func form(_ value: Int, use: Use, most: Double) -> FixedForm {
    if let point = program.values[value].point { return .codes(grid(point)) }
    let bits = min(FixedPlan.numberBits, 30 - use.averagedBits)
    if let levels = use.levels {
      let fraction = Double(sign: .plus, exponent: bits - FixedPlan.rangeBits, significand: 1)
      return .numbers(levelsPerUnit: levels * fraction, most: 1 << Int32(bits))
    }
    // An exact power of two, so that logits are exact in Float32.
    let logitBits = min(FixedPlan.logitBits, bits)
    let exponent = most > 0 ? logitBits - 1 - Int(most.exponent) : 0
    return .numbers(
      levelsPerUnit: Double(sign: .plus, exponent: exponent, significand: 1),
      most: 1 << Int32(logitBits))
  }
}

extension FixedPlan {
  /// What becomes of a value without grid.
  struct Use {
    /// The most levels per unit of a grid that it is rounded to; nil where it only reaches the logits.
    var levels: Double?
    /// The logarithm of the elements of a window that is averaged.
    var averagedBits = 0
  }

  /// The use of every value, from the last to the first.
  static func uses(_ program: IntegerProgram, positions: [UInt8]) -> [Use] {
    var uses = program.values.map { value in
      Use(
        levels: value.point.map {
          Double(program.points[$0].grids[Int(positions[$0])].levelsPerUnit)
        })
    }
    for (index, operation) in program.operations.enumerated().reversed() {
      let output = uses[index + 1]
      for input in operation.inputs where program.values[input].point == nil {
        if let levels = output.levels {
          uses[input].levels = max(uses[input].levels ?? 0, levels)
        }
        let count: Int
        switch operation.kind {
        case .averagePool(let window): count = window.kernelHeight * window.kernelWidth
        case .globalAveragePool:
          count = program.values[input].shape[0] * program.values[input].shape[1]
        default: count = operation.movesCodes ? 1 << output.averagedBits : 1
        }
        let bits = Int.bitWidth - max(count - 1, 0).leadingZeroBitCount
        uses[input].averagedBits = max(uses[input].averagedBits, bits)
      }
    }
    return uses
  }
}

extension IntegerProgram {
  /// A name for an operation: that of the first point on the way from it, with what it computes.
  func layerName(_ index: Int) -> String {
    let kind =
      switch operations[index].kind {
      case .convolution: "convolution"
      case .linear: "linear layer"
      case .identity: "activation"
      case .maxPool: "maximum"
      case .averagePool, .globalAveragePool: "mean"
      case .padChannels, .reshape, .padMap, .upsample, .selectChannels: "move"
      case .numbers(let any): any.operation.label
      }
    if let point = values[index + 1].point { return points[point].name }
    if let point = values[operations[index].input].point {
      return "\(kind) after \(points[point].name)"
    }
    return "\(kind) \(index) of \(operations.count)"
  }
}
