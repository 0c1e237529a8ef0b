import DFQRuntime

/// Turns a student's selector into decisions of an integer program.
struct SelectorCompiler {
  private let student: QuantizedNetwork
  private let plan: DecisionPlan

  init(_ student: QuantizedNetwork) {
    self.student = student
    plan = student.plan
  }

  /// The decisions inside a pass.
  ///
  /// - Throws: `RuntimeError.unsupported` for a decider whose scores are no linear map or head.
  func decisions() throws -> [Decision] {
    try plan.entries.indices.map { index in
      let entry = plan.entries[index]
      let site = entry.site
      let constants = Array(student.selectorConstants[entry.constants])
      let count = entry.featureRange.count
      let head = try head(entry)
      let shares = student.costModel.shares.map { Float($0) }
      // As in the training executor: a decision about one output counts by its share of the cost.
      let scale = entry.governsItself ? shares[site.output] * Float(student.outputs.count) : 1
      let price = student.bitPrice * scale
      return Decision(
        point: site.output, statistics: site.statistics, positions: site.positions,
        levels: student.featureLevels[site.output], means: Array(constants[..<count]),
        inverseDeviations: Array(constants[count...]), hidden: head.hidden,
        parameters: head.parameters,
        penalties: site.candidates.indices.map {
          price * plan.map.pricedBits(index, $0, shares: shares)
        },
        governs: site.governs.map { output in
          .init(
            point: output,
            candidates: site.candidates.indices.map {
              UInt8(plan.map.candidate(of: output, for: $0))
            })
        })
    }
  }

  private func head(_ entry: DecisionPlan.Entry) throws -> (hidden: Int, parameters: [Float]) {
    let parameters = Array(student.selectorParameters[entry.parameters])
    switch student.selector!.decider {
    case let decider as any HeadDecider: return (decider.hidden, parameters)
    case is SensitivitySelector:
      // Rows of an intercept and coefficients become columns of coefficients, then intercepts; the
      // scores are the negative predictions.
      let (features, candidates) = (entry.featureRange.count, entry.site.candidates.count)
      let coefficients = (0..<features).flatMap { feature in
        (0..<candidates).map { -parameters[$0 * (1 + features) + 1 + feature] }
      }
      return (0, coefficients + (0..<candidates).map { -parameters[$0 * (1 + features)] })
    case let other:
      throw RuntimeError.unsupported(
        layer: "selector", what: "deciders of type \(type(of: other).kind)")
    }
  }

  /// The candidates of each pass, and the margin below which an image takes the next one.
  ///
  /// - Throws: `RuntimeError.unsupported` for a decider other than ``MarginCascade``.
  func passes() throws -> (positions: [[UInt8]], thresholds: [Float]) {
    guard !plan.passes.isEmpty, let decider = student.selector?.decider else { return ([], []) }
    guard decider is MarginCascade else {
      throw RuntimeError.unsupported(
        layer: "selector", what: "deciders of type \(type(of: decider).kind)")
    }
    let thresholds = student.selectorParameters[plan.passParameters].map { $0 - student.bitPrice }
    return (plan.passes, thresholds)
  }
}
