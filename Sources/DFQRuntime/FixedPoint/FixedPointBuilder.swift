import DFQTensor

/// Gives the steps of a program their endings in integers.
struct FixedPointBuilder {
  let program: IntegerProgram
  let store: ConstantStore

  /// The unit of the logits in each pass.
  ///
  /// - Throws: ``RuntimeError/unsupported(layer:what:)``, with the name of the layer that needs floating
  ///   point.
  func apply(to steps: inout [Step]) throws -> [Float] {
    guard program.imageGrid != nil else {
      throw RuntimeError.unsupported(
        layer: "image", what: "an input in floating point; fixed point needs full quantization")
    }
    if let decision = program.decisions.first {
      throw RuntimeError.unsupported(
        layer: program.points[decision.point].name, what: "a decision about bits in fixed point")
    }
    for (index, step) in steps.enumerated() {
      switch step.kind {
      case .convolution, .linear, .numbers:
        // The plan says why, where it is the reason.
        _ = try FixedPlan(program, positions: passes[0])
        throw RuntimeError.unsupported(
          layer: program.layerName(index), what: "arithmetic in floating point in fixed point")
      default: break
      }
    }
    var endings = [[FixedEnding]](repeating: [], count: steps.count)
    var units: [Float] = []
    for positions in passes {
      let plan = try FixedPlan(program, positions: positions)
      for (index, ending) in plan.endings.enumerated() {
        guard let ending else { continue }
        do {
          endings[index].append(
            prepared(try FixedConstants(ending, output: plan.forms[index + 1])))
        } catch let error as FixedConstants.Failure {
          throw RuntimeError.unsupported(layer: program.layerName(index), what: error.what)
        }
      }
      units.append(Float(1 / plan.forms[steps.count].levelsPerUnit))
    }
    for index in steps.indices where !endings[index].isEmpty {
      steps[index].fixed = store.list(endings[index])
    }
    return units
  }

  /// The candidates of each pass; those with the most bits where there are no passes.
  private var passes: [[UInt8]] {
    program.passes.isEmpty
      ? [program.points.map { UInt8($0.grids.count - 1) }] : program.passes
  }

  private func prepared(_ constants: FixedConstants) -> FixedEnding {
    func pointers(_ factors: FixedConstants.Factors) -> FixedEnding.Factors {
      .init(
        multiplier: store.list(factors.multiplier).start,
        residualMultiplier: store.list(factors.residualMultiplier).start,
        addend: store.list(factors.addend).start)
    }
    return FixedEnding(
      factors: pointers(constants.factors), negative: constants.negative.map(pointers),
      shift: store.list(constants.shift).start, low: constants.low, high: constants.high)
  }
}
