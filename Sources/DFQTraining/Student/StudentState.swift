import DFQEngine
import DFQGraph
import DFQQuantization
import DFQTensor

/// Everything of a student's training that changes from step to step, besides the source's state:
/// what a checkpoint holds.
struct StudentState: Sendable {
  var student: QuantizedNetwork
  var groups: [StudentGroup]
  var budget: BudgetPressure
  var step = 0
  /// The units whose rounding has been learned.
  var units = 0

  init(_ student: QuantizedNetwork, trainer: DynamicTrainer) {
    self.student = student
    groups = trainer.parameterGroups(for: student)
    budget = BudgetPressure(trainer.configuration)
  }

  /// The student with averaged parameters, where averages are kept.
  var averagedStudent: QuantizedNetwork {
    var student = student
    for group in groups { group.putAverage(into: &student) }
    return student
  }

  /// Takes the step of every group with the gradients of a pass.
  mutating func update(_ response: StudentExecutor.Response, trainer: DynamicTrainer) throws {
    for index in groups.indices {
      try groups[index].step(
        &student, response, step: step, of: trainer.configuration.steps, trainer: trainer)
    }
  }
}

/// The state in a checkpoint.
extension StudentState {
  private static let budgetName = "budget"
  private static let stepName = "step"
  private static let unitsName = "units"
  private static let valuesSuffix = ".values"
  private static let averageSuffix = ".average"

  /// The state as a checkpoint of a run.
  func checkpoint(
    _ identity: RunIdentity, source: [String: Tensor]
  ) throws -> TrainingCheckpoint {
    var checkpoint = TrainingCheckpoint(content: try student.file(), identity: identity)
    for group in groups {
      checkpoint.add(group.group)
      if let values = group.parameters.keptValues {
        checkpoint.tensors[group.group.name + Self.valuesSuffix] = Tensor(
          shape: [values.count], elements: values)
      }
      if let values = group.average?.values {
        checkpoint.tensors[group.group.name + Self.averageSuffix] = Tensor(
          shape: [values.count], elements: values)
      }
    }
    checkpoint.tensors[Self.budgetName] = Tensor(
      shape: [2], elements: [budget.price, budget.recentBits ?? -1])
    checkpoint.counters[Self.stepName] = step
    if units > 0 { checkpoint.counters[Self.unitsName] = units }
    checkpoint.addSource(source)
    return checkpoint
  }

  /// Restores the state from a checkpoint of the same run.
  init(_ checkpoint: TrainingCheckpoint, path: String, trainer: DynamicTrainer) throws {
    let student = try QuantizedNetwork(
      checkpoint.content, path: path,
      layers: trainer.teacher.graph.nodes.map { type(of: $0.layer) },
      deciders: trainer.selector.map { [type(of: $0.decider)] } ?? [],
      roundings: [type(of: trainer.quantizer.rounding.method)])
    guard student.network.graph == trainer.teacher.graph else {
      throw checkpoint.bad(
        "a student of \(trainer.teacher.architecture), \(trainer.teacher.imageShape)",
        "\(student.network.architecture), \(student.network.imageShape)")
    }
    self.init(student, trainer: trainer)
    step = try checkpoint.counter(Self.stepName, in: 0...trainer.configuration.steps)
    if let method = trainer.configuration.adaptiveRounding {
      let count = student.reconstructionUnits(method).count
      units =
        checkpoint.counters[Self.unitsName] == nil
        ? 0 : try checkpoint.counter(Self.unitsName, in: 0...count)
    }
    for index in groups.indices {
      try checkpoint.restore(&groups[index].group, steps: step)
      // Before the first step the student's own file has everything, with the bits that a new run begins with.
      if step > 0, let values = groups[index].parameters.keptValues {
        groups[index].parameters.keptValues = try checkpoint.values(
          groups[index].group.name + Self.valuesSuffix, count: values.count)
        groups[index].parameters.restore(&self.student)
      }
      if trainer.configuration.averaging > 0, step > groups[index].group.firstStep {
        groups[index].average = ParameterAverage(
          try checkpoint.values(
            groups[index].group.name + Self.averageSuffix,
            count: groups[index].valueCount(in: self.student)))
      }
    }
    let saved = try checkpoint.values(Self.budgetName, count: 2)
    budget.price = saved[0]
    budget.recentBits = saved[1] < 0 ? nil : saved[1]
    try self.student.checkFinite()
  }
}
