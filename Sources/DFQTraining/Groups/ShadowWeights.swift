import DFQGraph
import DFQQuantization

/// The full-precision weights that the quantizer rounds, with biases and batch norm's scales and
/// shifts.
struct ShadowWeights: StudentParameters {
  var followsUpdateRules: Bool { true }

  func gradient(_ response: StudentExecutor.Response, of student: QuantizedNetwork) -> [Float] {
    response.parameterGradient
  }

  func update(
    _ student: inout QuantizedNetwork, _ body: (inout [Float]) throws -> Void
  ) throws {
    try body(&student.network.parameters.values)
  }
}
