import DFQQuantization

/// Parameters of a student: where they are, and where a pass leaves their gradient.
///
/// A new kind of learned parameters conforms in a separate file and joins the list in
/// ``DynamicTrainer/parameterGroups(for:)``; the loop and the checkpoint treat all kinds alike.
protocol StudentParameters: Sendable {
  /// Copies of the values that a checkpoint must keep because the student does not hold them
  /// exactly; nil where the student's own file is enough.
  var keptValues: [Float]? { get set }

  /// The gradient at the values after a pass.
  func gradient(_ response: StudentExecutor.Response, of student: QuantizedNetwork) -> [Float]

  /// Changes the values in place.
  mutating func update(
    _ student: inout QuantizedNetwork, _ body: (inout [Float]) throws -> Void
  ) throws

  /// Whether the values are the network's parameters, whose steps the trainer's rules change.
  var followsUpdateRules: Bool { get }

  /// Puts restored ``keptValues`` into the student.
  func restore(_ student: inout QuantizedNetwork)
}

extension StudentParameters {
  var keptValues: [Float]? {
    get { nil }
    set {}
  }

  var followsUpdateRules: Bool { false }

  func restore(_ student: inout QuantizedNetwork) {}
}

/// A group of a student's parameters with its optimizer.
struct StudentGroup: Sendable {
  var parameters: any StudentParameters
  var group: ParameterGroup
  /// The average of the values; nil before the first step, or where none is kept.
  var average: ParameterAverage?

  /// Takes a step with the gradient of a pass.
  mutating func step(
    _ student: inout QuantizedNetwork, _ response: StudentExecutor.Response, step: Int,
    of total: Int, trainer: DynamicTrainer
  ) throws {
    guard step >= group.firstStep else { return }
    var gradient = parameters.gradient(response, of: student)
    let rules = parameters.followsUpdateRules ? trainer.updates : []
    let seen =
      rules.isEmpty
      ? nil
      : WeightUpdate(
        step: step, stepCount: total, student: student, gradient: gradient, group: group,
        context: trainer.context)
    if let seen { for rule in rules { gradient = try rule.gradient(gradient, for: seen) } }
    // A copy, because the closure changes `group` meanwhile; what the parameters keep is small.
    var parameters = self.parameters
    let decay = trainer.configuration.averaging
    try parameters.update(&student) { values in
      if decay > 0, average == nil { average = ParameterAverage(values) }
      try group.step(&values, gradient: gradient, step: step, of: total, context: trainer.context)
      if let seen { for rule in rules { values = try rule.values(values, for: seen) } }
      average?.add(
        values, ranges: group.ranges, decay: decay, step: step - group.firstStep)
    }
    self.parameters = parameters
  }

  /// The number of values, of which ``ParameterGroup/ranges`` learn.
  func valueCount(in student: QuantizedNetwork) throws -> Int {
    var (parameters, student, count) = (parameters, student, 0)
    try parameters.update(&student) { count = $0.count }
    return count
  }

  /// Gives a student the averages in the place of the last step's values.
  func putAverage(into student: inout QuantizedNetwork) {
    guard let average else { return }
    var parameters = self.parameters
    // The closure cannot throw.
    try? parameters.update(&student) { average.replace(&$0, ranges: group.ranges) }
  }
}
