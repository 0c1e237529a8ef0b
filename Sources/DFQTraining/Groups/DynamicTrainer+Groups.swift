import DFQEngine
import DFQGraph
import DFQQuantization

extension DynamicTrainer {
  /// The groups of parameters that a student's training learns.
  func parameterGroups(for student: QuantizedNetwork) -> [StudentGroup] {
    let layout = student.network.parameters.layout
    var groups = [
      StudentGroup(
        parameters: ShadowWeights(student),
        group: ParameterGroup(
          "weights",
          optimizer: SGD(
            count: layout.count, momentum: configuration.momentum,
            weightDecay: configuration.weightDecay),
          baseRate: configuration.learningRate,
          schedule: configuration.schedule, ranges: layout.learnedRanges))
    ]
    let steps = LearnedSteps(student)
    if steps.count > 0 {
      groups.append(
        StudentGroup(
          parameters: steps,
          group: ParameterGroup(
            "steps", optimizer: Adam(count: steps.count),
            baseRate: configuration.stepLearningRate, schedule: configuration.schedule,
            ranges: [0..<steps.count])))
    }
    let count = student.selectorParameters.count
    if student.selectorLearning == .gradient, count > 0 {
      groups.append(
        StudentGroup(
          parameters: SelectorParameters(),
          group: ParameterGroup(
            "selector", optimizer: Adam(count: count),
            baseRate: configuration.selectorLearningRate, schedule: configuration.schedule,
            ranges: [0..<count], firstStep: configuration.warmupSteps)))
    }
    return groups
  }
}
