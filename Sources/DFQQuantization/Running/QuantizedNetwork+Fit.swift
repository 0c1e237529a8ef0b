import DFQEngine
import DFQGraph
public import DFQTensor

extension QuantizedNetwork {
  /// How the selector gets its parameters; nil for a static student.
  public var selectorLearning: DeciderLearning? { selector?.decider.learning }

  /// Fits the selector's parameters to measurements on normalized synthetic inputs N H W C; without
  /// effect unless it is a decider that is fitted.
  ///
  /// - Throws: ``QuantizationError``, `NetworkError`, and what the decider throws.
  public mutating func fitSelector(
    on inputs: Tensor, teacherLogits: Tensor? = nil, context: ExecutionContext = .default
  ) throws {
    guard let selector, selector.decider.learning == .fitted else { return }
    guard inputs.rowCount > 0 else { throw QuantizationError.noImages(what: "fitting a selector") }
    let measurements = try StudentEvaluator(self, context: context).measurements(
      inputs, teacherLogits: teacherLogits)
    var parameters = selectorParameters
    try selector.decider.fit(&parameters, to: measurements)
    guard parameters.count == selectorParameters.count, parameters.allSatisfy(\.isFinite) else {
      throw QuantizationError.badSelector(
        expected: "\(selectorParameters.count) finite fitted parameters",
        found: "\(parameters.count)")
    }
    selectorParameters = parameters
  }
}
