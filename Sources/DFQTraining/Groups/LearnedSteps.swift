import DFQQuantization

/// The logarithms of the learned step sizes (LSQ, Esser et al., 2020): weights by layer and channel,
/// then activations by point and candidate.
///
/// The logarithms are kept, because taking them again from the student's steps would round.
struct LearnedSteps: StudentParameters {
  private var logarithms: [Float]

  init(_ student: QuantizedNetwork) { logarithms = student.learnedSteps }

  var count: Int { logarithms.count }

  var keptValues: [Float]? {
    get { logarithms }
    set { if let newValue { logarithms = newValue } }
  }

  func gradient(_ response: StudentExecutor.Response, of student: QuantizedNetwork) -> [Float] {
    student.learnedStepGradient(
      weights: response.weightStepGradient, activations: response.activationStepGradient)
  }

  mutating func update(
    _ student: inout QuantizedNetwork, _ body: (inout [Float]) throws -> Void
  ) throws {
    try body(&logarithms)
    student.learnedSteps = logarithms
  }

  func restore(_ student: inout QuantizedNetwork) { student.learnedSteps = logarithms }
}
