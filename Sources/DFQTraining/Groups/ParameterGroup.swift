public import DFQEngine
public import DFQTensor

/// Parameters that learn together: one optimizer, one base rate and one schedule for some ranges of
/// a vector.
///
/// A group does not own its values; they stay where they are used, and a step gets them with their
/// gradient.
public struct ParameterGroup: Sendable {
  /// What names the group in checkpoints.
  public let name: String
  /// The optimizer with its state.
  public var optimizer: any Optimizer
  /// The learning rate that the schedule's factor multiplies.
  public var baseRate: Float
  /// How the rate changes over the run.
  public var schedule: LearningRateSchedule
  /// The elements of the values, and of the gradient, that learn.
  public let ranges: [Range<Int>]
  /// The first step in which the group learns.
  public let firstStep: Int

  /// Makes a group.
  public init(
    _ name: String, optimizer: any Optimizer, baseRate: Float,
    schedule: LearningRateSchedule = .constant, ranges: [Range<Int>], firstStep: Int = 0
  ) {
    self.name = name
    self.optimizer = optimizer
    self.baseRate = baseRate
    self.schedule = schedule
    self.ranges = ranges
    self.firstStep = firstStep
  }

  /// The learning rate of a step of a run of `total` steps.
  public func rate(step: Int, of total: Int) -> Float {
    baseRate * schedule.factor(step: step, total: total)
  }

  /// Takes a step at the schedule's rate; does nothing before ``firstStep``.
  ///
  /// - Throws: What the optimizer throws where the numbers of values differ.
  public mutating func step(
    _ values: inout [Float], gradient: [Float], step: Int, of total: Int,
    context: ExecutionContext
  ) throws {
    try self.step(
      &values, gradient: gradient, rate: rate(step: step, of: total), step: step, context: context)
  }

  /// Takes a step at another rate than the schedule's; does nothing before ``firstStep``.
  ///
  /// - Throws: What the optimizer throws where the numbers of values differ.
  public mutating func step(
    _ values: inout [Float], gradient: [Float], rate: Float, step: Int, context: ExecutionContext
  ) throws {
    guard step >= firstStep, !ranges.isEmpty else { return }
    try optimizer.step(&values, gradient: gradient, rate: rate, ranges: ranges, context: context)
  }
}
