import DFQTensor

extension ImagePass {
  /// Takes a decision, and those that follow at the same point, from the value in `raw`, then rounds the
  /// value.
  func decide(_ index: Int, step: Step) {
    choose(index, from: memory.raw, features: level.decisions[index].features)
    let count = level.slots[step.output].count
    round(step, range: team?.share(count, unit: 64, member: member) ?? 0..<count)
  }

  /// Takes the decisions of a step that has been computed once more, without rounding.
  func decideAgain(_ step: Step) {
    let decision = step.decision!
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
    let point = level.decisions[index].point
    for next in index..<level.decisions.count where level.decisions[next].point == point {
      choose(level.decisions[next], from: value, features: kinds)
    }
  }

  private func choose(
    _ decision: PreparedDecision, from value: UnsafePointer<Float>, features kinds: PreparedFeatures
  ) {
    let features = work
    let hidden = features + decision.means.count
    let scores = hidden + decision.head.hidden
    kinds.gather(value, levelsPerUnit: decision.levels, kernels: kernels, into: features)
    for feature in decision.means.indices {
      features[feature] =
        (features[feature] - decision.means[feature]) * decision.inverseDeviations[feature]
    }
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
