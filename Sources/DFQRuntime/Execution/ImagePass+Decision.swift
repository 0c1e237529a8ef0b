import DFQTensor

extension ImagePass {
  /// Takes a decision, and those that follow at the same point, from the value in `raw`, then rounds the
  /// value.
  func decide(_ index: Int, step: Step) {
    choose(index, from: memory.raw, features: level.decisions[index].features)
    let count = level.slots[step.output].count
    round(step, range: team?.share(count, unit: 64, member: member) ?? 0..<count)
  }

  /// Takes a decision, and those that follow at the same point, from the codes of a value.
  ///
  /// Every thread of a team does it for itself.
  func decideFromCodes(_ index: Int) {
    let first = level.decisions[index]
    let (codes, grid) = (UnsafePointer(codes(first.value)), grid(first.point))
    forEachDecision(from: index) { decision in
      decision.features.gather(codes, grid: grid, kernels: kernels, into: work)
    }
  }

  /// Asks for the codes that a deferred decision will be taken from.
  func fetch(_ index: Int) {
    let decision = level.decisions[index]
    kernels.fetch(
      codes: UnsafePointer(codes(decision.value)), offsets: decision.features.offsets.buffer,
      channels: decision.features.channels)
  }

  /// Takes the decisions of a step that has been computed once more, without rounding.
  ///
  /// - Returns: Whether there are any.
  func decideAgain(_ step: Step) -> Bool {
    if let decision = step.decisionBeside { decideFromCodes(decision) }
    if let decision = step.decisionAfter, !step.isDeferred { decideFromCodes(decision) }
    if let decision = step.decision { decideAgain(decision, step: step) }
    return step.decisionBeside != nil || step.decision != nil
      || step.decisionAfter != nil && !step.isDeferred
  }

  private func decideAgain(_ decision: Int, step: Step) {
    guard let samples = step.samples, case .codeConvolution(let index) = step.kind else {
      return choose(
        decision, from: memory.raw, features: level.decisions[decision].features)
    }
    decideFromSamples(
      level.samples[samples], decision, convolution: level.convolutions[index], step: step)
  }

  /// Takes a decision, and those that follow at the same point, from the features of a value.
  func choose(
    _ index: Int, from value: UnsafePointer<Float>, features kinds: PreparedFeatures
  ) {
    forEachDecision(from: index) { decision in
      kinds.gather(value, levelsPerUnit: decision.levels, kernels: kernels, into: work)
    }
  }

  /// Takes the decisions at one point; `gather` writes the features of each to `work`.
  private func forEachDecision(from index: Int, _ gather: (PreparedDecision) -> Void) {
    for next in index..<index + level.decisions[index].count {
      let decision = level.decisions[next]
      if next == index || !decision.sharesFeatures {
        gather(decision)
        standardize(decision)
      }
      choose(decision)
    }
  }

  /// Standardizes the features in `work`.
  private func standardize(_ decision: PreparedDecision) {
    let features = work
    for feature in decision.means.indices {
      features[feature] =
        (features[feature] - decision.means[feature]) * decision.inverseDeviations[feature]
    }
  }

  /// Takes a decision from the standardized features in `work`.
  private func choose(_ decision: PreparedDecision) {
    let features = work
    let hidden = features + decision.means.count
    let scores = hidden + decision.head.hidden
    if decision.head.hidden == 0 {
      decision.head.forward(
        byColumns: decision.parameters.start, features: features, logits: scores)
    } else {
      decision.head.forward(
        parameters: decision.parameters.start, features: features, work: hidden, logits: scores)
    }
    var best = 0
    for candidate in decision.penalties.indices {
      scores[candidate] -= decision.penalties[candidate]
      if scores[candidate] > scores[best] { best = candidate }
    }
    for index in decision.governs.indices {
      let governed = decision.governs[index]
      choices[governed.point] = governed.candidates[best]
    }
  }
}
