import DFQGraph
import DFQQuantization

/// The full-precision weights that the quantizer rounds, with biases and batch norm's scales and
/// shifts.
struct ShadowWeights: StudentParameters {
  private let rates: FilterRates

  init(_ student: QuantizedNetwork) { rates = FilterRates(student.network) }

  var followsUpdateRules: Bool { true }

  func gradient(_ response: StudentExecutor.Response, of student: QuantizedNetwork) -> [Float] {
    var gradient = response.parameterGradient
    rates.scale(&gradient, at: student.network.parameters.values)
    return gradient
  }

  func update(
    _ student: inout QuantizedNetwork, _ body: (inout [Float]) throws -> Void
  ) throws {
    try body(&student.network.parameters.values)
  }
}
