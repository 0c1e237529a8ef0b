import DFQEngine
import DFQGraph
import DFQQuantization
import DFQTensor

/// Budgets are given in mean activation bits and kept in BitOPs, which count the selector too.
extension DynamicTrainer {
  /// The highest candidate of any point whose bits are chosen.
  private func highestBits(_ student: QuantizedNetwork) -> Int {
    student.placement.points.filter(\.isDynamic).compactMap(\.bits.last).max() ?? 8
  }

  /// The mean bits that allow the given BitOPs; the inverse of
  /// ``QuantizedNetwork/bitOPs(meanActivationBits:)``.
  private func meanBits(_ student: QuantizedNetwork, allowing bitOPs: Double) -> Double {
    func cost(_ whole: Int) -> Double { student.bitOPs(meanActivationBits: Double(whole)) }
    var whole = 1
    while whole < 31, cost(whole + 1) <= bitOPs { whole += 1 }
    let (lower, upper) = (cost(whole), cost(whole + 1))
    return Double(whole) + (upper > lower ? (bitOPs - lower) / (upper - lower) : 0)
  }

  /// Checks that the budget lies between what the lowest candidates cost, selector included, and
  /// the highest candidate.
  ///
  /// - Throws: ``TrainingError/budgetOutOfRange(bits:lowest:highest:)``;
  ///   ``TrainingError/badConfiguration(what:found:)`` for a budget of a student whose bits are
  ///   fixed.
  func checkBudget(_ student: QuantizedNetwork) throws {
    guard let budget = configuration.budget else { return }
    try demand(
      student.isDynamic, "no budget where there is one candidate of bits", "\(budget) bits")
    let highest = Double(highestBits(student))
    let cheapest = student.cheapestBitOPs
    guard budget <= highest, student.bitOPs(meanActivationBits: budget) >= cheapest else {
      // Rounded up to hundredths, so that the number that is named works.
      let lowest = (meanBits(student, allowing: cheapest) * 100).rounded(.up) / 100
      throw TrainingError.budgetOutOfRange(bits: budget, lowest: lowest, highest: highest)
    }
  }

  /// Sets the price of a bit by bisection so that clean synthetic images cost the budget on
  /// average, selector included.
  ///
  /// During training the mean drifts, because batches are augmented and weights change; real images
  /// may not be asked. The search uses all images. It only takes prices at which the mean cost is at
  /// most the budget's, so that the student never costs more than it may.
  ///
  /// - Throws: ``TrainingError/budgetNotMet(bits:reached:)`` where no price is high enough.
  func meetBudget(_ student: inout QuantizedNetwork, images: Tensor) throws {
    guard let budget = configuration.budget else { return }
    try checkBudget(student)
    let target = student.bitOPs(meanActivationBits: budget)
    let evaluator = StudentEvaluator(student, context: context)
    func cost(_ price: Float) throws -> Double {
      try Task.checkCancellation()
      return try evaluator.run(images, policy: .selector, price: price).averageBitOPs
    }
    var low: Float = -0.25
    var high: Float = 0.25
    while try cost(low) < target, low > -1024 { low *= 4 }
    var reached = try cost(high)
    while reached > target, high < 1024 {
      high *= 4
      reached = try cost(high)
    }
    guard reached <= target else {
      throw TrainingError.budgetNotMet(
        bits: budget, reached: meanBits(student, allowing: reached))
    }
    for _ in 0..<16 {
      let middle = (low + high) / 2
      if try cost(middle) > target { low = middle } else { high = middle }
    }
    student.bitPrice = high
  }
}
