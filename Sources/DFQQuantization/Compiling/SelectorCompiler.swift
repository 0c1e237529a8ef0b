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
    try plan.entries.indices.flatMap { index in
      let entry = plan.entries[index]
      let site = entry.site
      let constants = Array(student.selectorConstants[entry.constants])
      let count = entry.featureRange.count
      guard site.image == nil else {
        throw RuntimeError.unsupported(
          layer: "selector",
          what:
            "gradients of the image, which \(type(of: student.selector!.decider).kind) reads")
      }
      let heads = try heads(entry)
      let shares = student.costModel.shares.map { Float($0) }
      return site.groups.indices.map { group in
        // As in the training executor.
        let price =
          student.bitPrice * plan.map.priceScale(index, group: group, shares: shares)
        return Decision(
          point: site.output, isRounded: site.isRounded, statistics: site.statistics,
          positions: site.positions, levels: student.featureLevels[site.output],
          means: Array(constants[..<count]),
          inverseDeviations: Array(constants[count...]), hidden: heads[group].hidden,
          parameters: heads[group].parameters,
          penalties: site.candidates.indices.map {
            price * plan.map.pricedBits(index, $0, group: group, shares: shares)
          },
          governs: site.groups[group].map { output in
            .init(
              point: output,
              candidates: site.candidates.indices.map {
                UInt8(plan.map.candidate(of: output, for: $0))
              })
          })
      }
    }
  }

  private func heads(_ entry: DecisionPlan.Entry) throws -> [CompiledHead] {
    guard let decider = student.selector!.decider as? any CompiledDecider else {
      throw RuntimeError.unsupported(
        layer: "selector",
        what: "deciders of type \(type(of: student.selector!.decider).kind)")
    }
    return decider.heads(
      at: entry.site, parameters: Array(student.selectorParameters[entry.parameters]))
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
