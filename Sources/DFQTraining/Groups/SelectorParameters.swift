import DFQQuantization

/// The weights of a dynamic student's selector.
struct SelectorParameters: StudentParameters {
  func gradient(_ response: StudentExecutor.Response, of student: QuantizedNetwork) -> [Float] {
    response.selectorGradient
  }

  func update(
    _ student: inout QuantizedNetwork, _ body: (inout [Float]) throws -> Void
  ) throws {
    try body(&student.selectorParameters)
  }
}
