import DFQEngine
import DFQGraph
import DFQQuantization
import DFQTensor

extension DynamicTrainer {
  /// The mean BitOPs a student may cost: those of its layers at `budget` bits throughout, without a
  /// selector.
  func targetBitOPs(_ student: QuantizedNetwork, budget: Double) -> Double {
    student.bitOPs(meanActivationBits: budget)
  }

  /// Throws where even the lowest candidates cost more than the budget.
  func checkBudget(_ student: QuantizedNetwork) throws {
    guard let budget = configuration.budget else { return }
    let cheapest = student.cheapestBitOPs
    guard targetBitOPs(student, budget: budget) >= cheapest else {
      throw QuantizationError.budgetUnreachable(
        budget: targetBitOPs(student, budget: budget), cheapest: cheapest, unit: "BitOPs")
    }
  }

  /// Sets the price of a bit by bisection so that clean synthetic images cost the budget on
  /// average, selector included: the mean drifts between augmented batches and clean images
  /// (methods.md 11, item 4), and real images may not be asked.
  func meetBudget(_ student: inout QuantizedNetwork, images: Tensor) throws {
    guard let budget = configuration.budget, student.isDynamic else { return }
    try checkBudget(student)
    let target = targetBitOPs(student, budget: budget)
    let probe = images.rows(0..<min(images.rowCount, 512))
    let evaluator = StudentEvaluator(student, context: context)
    func cost(_ price: Float) throws -> Double {
      try evaluator.run(probe, policy: .selector, price: price).averageBitOPs
    }
    var low: Float = -0.25
    var high: Float = 0.25
    while try cost(low) < target, low > -1024 { low *= 4 }
    while try cost(high) > target, high < 1024 { high *= 4 }
    for _ in 0..<16 {
      let middle = (low + high) / 2
      if try cost(middle) > target { low = middle } else { high = middle }
    }
    student.bitPrice = high
  }
}
