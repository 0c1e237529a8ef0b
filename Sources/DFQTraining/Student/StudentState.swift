#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import DFQEngine
import DFQGraph
import DFQQuantization
import DFQTensor

/// Everything of a student's training that changes from step to step: what a checkpoint holds.
struct StudentState: Sendable {
  var student: QuantizedNetwork
  var weights: SGD
  /// The logarithms of the learned steps; the student's own steps follow from them.
  var logSteps: [Float]
  /// For the logarithms of all learned steps: weights by layer and channel, then activations by
  /// point and candidate.
  var steps: Adam
  var selectors: Adam
  var step = 0
  /// The price of a bit, and the running mean of the batches' mean bits.
  var budgetPrice: Float
  var recentBits: Float

  init(_ student: QuantizedNetwork, configuration: DynamicTrainer.Configuration) {
    self.student = student
    weights = SGD(
      count: student.network.parameters.layout.count, momentum: configuration.momentum,
      weightDecay: configuration.weightDecay)
    logSteps = student.learnedSteps
    steps = Adam(count: logSteps.count)
    selectors = Adam(count: student.selectorParameters.count)
    budgetPrice =
      switch configuration.budgetRule {
      case .hinge(let weight): weight
      case .multiplier(let initial, _): initial
      }
    recentBits = .nan
  }

  /// The budget's slope at the mean bits for the next step.
  func budgetSlope(_ configuration: DynamicTrainer.Configuration) -> Float {
    guard let budget = configuration.budget else { return 0 }
    if case .hinge = configuration.budgetRule {
      return recentBits.isNaN || recentBits > Float(budget) ? budgetPrice : 0
    }
    return budgetPrice
  }

  /// Takes note of a step's mean bits.
  mutating func observe(meanBits: Float, _ configuration: DynamicTrainer.Configuration) {
    recentBits = recentBits.isNaN ? meanBits : 0.9 * recentBits + 0.1 * meanBits
    guard let budget = configuration.budget,
      case .multiplier(_, let rate) = configuration.budgetRule
    else { return }
    let factor = exp(rate * (recentBits - Float(budget)))
    budgetPrice = min(max(budgetPrice * factor, 1e-4), 1e4)
  }
}
