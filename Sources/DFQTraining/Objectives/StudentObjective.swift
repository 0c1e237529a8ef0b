public import DFQEngine
import DFQFiles
public import DFQGraph

/// A loss that a student is trained with, made anew for every batch from the labels and from what
/// the teacher computes.
///
/// A conforming type is a small value that holds its settings. It names the layers whose values it
/// needs and returns the losses of a batch:
///
/// ```swift
/// struct LastFeatures: StudentObjective {
///   static var kind: String { "last features" }
///   var weight: Float = 10
///   var layer = "layer3.2.relu2"
///   func teacherLayers(in network: Network) -> [ObservedLayer] { [.named(layer)] }
///   func studentLayers(in network: Network) -> [ObservedLayer] { [.named(layer)] }
///
///   func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
///     [SquaredError(
///       targets: try batch.teacher(.named(layer)), node: try batch.node(.named(layer)),
///       weight: weight)]
///   }
/// }
/// ```
///
/// The encoded settings and ``kind`` are the objective's identity in checkpoints: a run does not
/// resume with another objective.
public protocol StudentObjective: CataloguedMethod, Hashable, Codable {
  /// What names the type in checkpoints.
  static var kind: String { get }
  /// What the loss is called in progress and logs; unique among a trainer's objectives.
  ///
  /// The default is ``kind``.
  var name: String { get }
  /// The factor of the loss in the total, at least 0; ``losses(for:)`` applies it.
  ///
  /// The default is 1.
  var weight: Float { get }
  /// The layers whose values the objective needs from the teacher.
  ///
  /// The default is none. Where no objective needs any, the teacher does not run.
  func teacherLayers(in network: Network) -> [ObservedLayer]
  /// The layers of the student that the losses look at, before any quantizer.
  ///
  /// The default is the logits.
  func studentLayers(in network: Network) -> [ObservedLayer]

  /// Checks the settings before training starts.
  ///
  /// The trainer checks the weight, the name and that the layers exist; the default checks nothing
  /// more.
  func check(for network: Network) throws

  /// Makes the losses of a batch; their weights include ``weight``.
  ///
  /// Progress shows the sum of the losses' means, without weights.
  func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective]

  /// Makes the same losses as functions of the teacher's values at its ``teacherLayers(in:)``, with
  /// the student's values as constants.
  ///
  /// A ``Perturbation`` asks for them, to move images along the losses' gradient through the teacher.
  /// The default is none: the gradient through the teacher is left out.
  func lossesAtTeacher(for batch: ObjectiveBatch) throws -> [any ImageObjective]
}

extension StudentObjective {
  /// The type's ``kind``.
  public var name: String { Self.kind }
  /// 1.
  public var weight: Float { 1 }
  /// None.
  public func teacherLayers(in network: Network) -> [ObservedLayer] { [] }
  /// The logits.
  public func studentLayers(in network: Network) -> [ObservedLayer] { [.logits] }
  /// Checks nothing.
  public func check(for network: Network) throws {}
  /// None.
  public func lossesAtTeacher(for batch: ObjectiveBatch) throws -> [any ImageObjective] { [] }
}

/// The objectives that a trainer uses where none are given: cross entropy with the images' labels,
/// and distillation.
extension [any StudentObjective] {
  /// ``LabelCrossEntropy`` and ``LogitDistillation`` with their default settings.
  public static var standard: [any StudentObjective] {
    [LabelCrossEntropy(), LogitDistillation()]
  }
}
