public import DFQEngine
public import DFQGraph

/// Distillation (Hinton, Vinyals and Dean 2015): the divergence of the student's softened
/// predictions from the teacher's, KL(teacher || student) at temperature T.
///
/// The divergence is summed over classes and averaged over the batch. IntraQ (Zhong et al., 2022) and
/// HAST (Li et al., 2023) weight it by 20 T^2, which is 8000 at T = 20; the default learning rates of
/// ``DynamicTrainer`` belong to that weight.
public struct LogitDistillation: StudentObjective {
  /// What names the type in checkpoints.
  public static var kind: String { "distillation" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "The divergence of the student's softened predictions from the teacher's.",
    reference: .init(
      "Hinton et al.", "Distilling the Knowledge in a Neural Network", "NIPS workshop", 2015),
    formula: "weight * KL(softmax(P / T) || softmax(Q / T)), summed over classes")
  /// The factor of the loss in the total.
  public var weight: Float
  /// The temperature T.
  public var temperature: Float

  /// Makes the objective.
  public init(weight: Float = 8000, temperature: Float = 20) {
    self.weight = weight
    self.temperature = temperature
  }

  /// The logits.
  public func teacherLayers(in network: Network) -> [ObservedLayer] { [.logits] }

  /// Checks the temperature.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  public func check(for network: Network) throws {
    guard temperature.isFinite, temperature > 0 else {
      throw TrainingError.badConfiguration(
        what: "a temperature above 0 for distillation", found: "\(temperature)")
    }
  }

  /// The loss of a batch.
  public func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    [
      Distillation(
        teacherLogits: try batch.teacher(.logits), node: try batch.node(.logits),
        temperature: temperature, weight: weight)
    ]
  }

  /// The same divergence, of the teacher's logits.
  public func lossesAtTeacher(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    [
      DistillationAtTeacher(
        studentLogits: try batch.student(.logits), node: try batch.node(.logits),
        temperature: temperature, weight: weight)
    ]
  }
}
