#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How strongly the budget acts on the selector, from step to step.
struct BudgetPressure: Sendable, Equatable {
  private let budget: Double?
  private let rule: DynamicTrainer.BudgetRule
  /// The price of a bit.
  var price: Float
  /// The running mean of the batches' mean bits; nil before the first.
  var recentBits: Float?

  init(_ configuration: DynamicTrainer.Configuration) {
    budget = configuration.budget
    rule = configuration.budgetRule
    price =
      switch configuration.budgetRule {
      case .hinge(let weight): weight
      case .multiplier(let initial, _): initial
      case .bitRatio(let weight, _): weight
      }
  }

  /// The slope of the loss at the mean bits in the next step.
  var slope: Float {
    if case .bitRatio = rule { return 0 }
    guard let budget else { return 0 }
    guard case .hinge = rule, let recentBits else { return price }
    return recentBits > Float(budget) ? price : 0
  }

  /// The weight of the ratio of bits in the next step.
  var ratio: Float {
    if case .bitRatio = rule { price } else { 0 }
  }

  /// Takes note of a step's mean bits.
  mutating func observe(_ meanBits: Float) {
    let mean = recentBits.map { 0.9 * $0 + 0.1 * meanBits } ?? meanBits
    recentBits = mean
    if case .bitRatio(_, let growth) = rule { price += growth }
    guard let budget, case .multiplier(_, let rate) = rule else { return }
    price = min(max(price * exp(rate * (mean - Float(budget))), 1e-4), 1e4)
  }
}
