import DFQTensor

extension ImagePass {
  /// Takes a decision from the value in `raw`, then rounds the value.
  func decide(_ index: Int, step: Step) {
    choose(level.decisions[index])
    let count = level.slots[step.output].count
    round(step, range: team?.share(count, unit: 64, member: member) ?? 0..<count)
  }

  private func choose(_ prepared: PreparedLevel.PreparedDecision) {
    let decision = prepared.decision
    let features = work
    let hidden = features + decision.means.count
    let scores = hidden + decision.hidden
    prepared.features.gather(
      memory.raw, levelsPerUnit: decision.levels, kernels: kernels, into: features)
    for feature in decision.means.indices {
      features[feature] =
        (features[feature] - decision.means[feature]) * decision.inverseDeviations[feature]
    }
    decision.parameters.withUnsafeBufferPointer {
      prepared.head.forward(
        parameters: $0.baseAddress!, features: features, work: hidden, logits: scores)
    }
    var best = 0
    for candidate in decision.penalties.indices {
      scores[candidate] -= decision.penalties[candidate]
      if scores[candidate] > scores[best] { best = candidate }
    }
    for governed in decision.governs {
      choices[governed.point] = governed.candidates[best]
    }
  }
}
