import DFQTensor

extension ImagePass {
  /// Takes a decision from the value in `raw`, then rounds the value.
  func decide(_ index: Int, step: Step) {
    let decision = level.decisions[index]
    choose(decision, from: memory.raw, features: decision.features)
    let count = level.slots[step.output].count
    round(step, range: team?.share(count, unit: 64, member: member) ?? 0..<count)
  }

  /// Takes the decision of a step that has been computed once more, without rounding.
  func decideAgain(_ step: Step) {
    let decision = level.decisions[step.decision!]
    guard let samples = step.samples, case .codeConvolution(let index) = step.kind else {
      return choose(decision, from: memory.raw, features: decision.features)
    }
    let convolution = level.convolutions[index]
    let candidate = Int(choices[level.slots[step.input].point])
    let bank = convolution.banks[convolution.banks.count == 1 ? 0 : candidate]
    decideFromSamples(
      level.samples[samples], decision, convolution: convolution, bank: bank,
      constants: bank.constants[candidate], step: step)
  }

  /// Takes a decision from the features of a value.
  func choose(
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
    decision.head.forward(
      parameters: decision.parameters.start, features: features, work: hidden, logits: scores)
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
