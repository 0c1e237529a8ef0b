/// Decisions from codes that are taken later than they could be.
extension StepBuilder {
  /// Defers the decisions whose bits nothing reads before the step after the next.
  ///
  /// Right after a step, half of its codes lie in the cache of the thread that shares the image, a tenth of a microsecond away. They are
  /// asked for at once and read after the next step's own work, before its barrier.
  static func deferDecisions(of steps: inout [Step], in program: IntegerProgram) {
    for index in steps.indices.dropLast() {
      guard let decision = steps[index].decisionAfter else { continue }
      let point = program.decisions[decision].point
      let governed = Set(
        program.decisions.filter { $0.point == point }.flatMap { $0.governs.map(\.point) })
      // Step k writes value k + 1.
      let first = program.values.firstIndex { $0.point.map(governed.contains) ?? false }
      guard let first, first - 1 >= index + 2 else { continue }
      steps[index].isDeferred = true
      steps[index + 1].decisionBeside = decision
    }
  }
}
