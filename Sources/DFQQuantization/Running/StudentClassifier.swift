import DFQEngine
import DFQGraph
public import DFQTensor

/// Classifies batch after batch with a student that no longer changes.
///
/// The weights are rounded once and memory is kept between calls. The inputs of a call are one batch.
/// Make one and use it from one task at a time.
public final class StudentClassifier {
  private let evaluator: StudentEvaluator

  /// The student.
  public var student: QuantizedNetwork { evaluator.student }

  /// Rounds the weights and prepares execution.
  public init(_ student: QuantizedNetwork, context: ExecutionContext = .default) {
    evaluator = StudentEvaluator(student, context: context, batch: 1 << 30)
  }

  /// The logits N C of normalized inputs N H W C.
  ///
  /// - Throws: `NetworkError` for inputs of another shape, ``QuantizationError`` for bits the
  ///   student does not have.
  public func logits(ofInputs inputs: Tensor, bits: BitPolicy = .selector) throws -> Tensor {
    Tensor(
      shape: [inputs.rowCount, student.network.classCount],
      elements: try evaluator.run(inputs, policy: bits).logits)
  }

  /// Mean BitOPs of normalized inputs N H W C, the selector and all passes included.
  ///
  /// - Throws: As ``logits(ofInputs:bits:)``, and ``QuantizationError/noImages(what:)``.
  public func meanBitOPs(ofInputs inputs: Tensor, bits: BitPolicy = .selector) throws -> Double {
    guard inputs.rowCount > 0 else { throw QuantizationError.noImages(what: "a mean cost") }
    return try evaluator.run(inputs, policy: bits).averageBitOPs
  }
}
