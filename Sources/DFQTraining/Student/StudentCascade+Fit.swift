public import DFQQuantization
public import DFQSynthesis
public import DFQTensor

extension StudentCascade {
  /// Fits the thresholds of a cascade on synthetic images, so that their mean cost is the budget and as
  /// many images as it pays for run at the next level.
  ///
  /// ```swift
  /// let cascade = try StudentCascade.fitted(
  ///   [low, high], on: images, budget: reference.bitOPs(activationBits: 4))
  /// ```
  ///
  /// - Parameters:
  ///   - levels: The students, cheapest first.
  ///   - images: Synthetic images.
  ///   - budget: The mean BitOPs that an image may cost.
  ///   - rule: Which images continue in use.
  ///   - context: How the work is executed.
  /// - Returns: The cascade.
  /// - Throws: ``QuantizationError/budgetUnreachable(budget:cheapest:unit:)`` where the first level
  ///   alone costs more; ``QuantizationError/badSelector(expected:found:)`` for students that do not
  ///   fit each other; `NetworkError` for images of another shape.
  public static func fitted(
    _ levels: [QuantizedNetwork], on images: SyntheticImages, budget: Double,
    rule: CascadeRule = .threshold, context: ExecutionContext = .default
  ) throws -> StudentCascade {
    let runs = try levels.map { level in
      try StudentEvaluator(level, context: context).run(images.images, policy: .selector)
    }
    return try StudentCascade(levels: levels, runs: runs, budget: budget, rule: rule)
  }
}
