import DFQEngine
public import DFQFiles
import DFQGraph
public import DFQQuantization
import DFQSynthesis
import DFQTensor

/// Trains a student on real images by the procedure of a ``DynamicTrainer``: how good the student could
/// be if synthetic images were as good as real ones.
///
/// Ranges, steps, losses, budget and seed are the trainer's; labels are the data's, one-hot, beside
/// the teacher's answers that the objectives distil. What comes out is an ``UpperBoundStudent``, which
/// can be measured and nothing else: real images reach no synthesis, no calibration and no training of
/// any other student.
///
/// ```swift
/// let bound = try RealImageBound(trainer).train(onReal: FashionMNIST(.train))
/// let report = try bound.evaluate(on: FashionMNIST(.test), teacher: teacher)
/// ```
public struct RealImageBound: Sendable {
  /// The procedure.
  public let trainer: DynamicTrainer

  /// Takes a trainer's procedure.
  public init(_ trainer: DynamicTrainer) { self.trainer = trainer }

  /// Trains on real images.
  ///
  /// - Parameters:
  ///   - images: The images with their labels; the trainer's hold-out share of them is only watched.
  ///   - checkpoint: The path of the state's file.
  ///   - executionChange: Whether a checkpoint of another instruction set, backend or arithmetic
  ///     may be resumed.
  ///   - progress: Called after every step; an error that it throws ends the run.
  /// - Returns: The upper bound.
  /// - Throws: As `DynamicTrainer.train(on:checkpoint:executionChange:progress:)`,
  ///   ``TrainingError/imagesDoNotFit(expected:found:)`` for other classes, `NetworkError` for images
  ///   of another shape, and what the images throw.
  public func train(
    onReal images: any RealImages, checkpoint: String? = nil,
    executionChange: ExecutionChange = .refused,
    progress: ((TrainingProgress) throws -> Void)? = nil
  ) throws -> UpperBoundStudent {
    let student = try trainer.train(
      on: inTrainersForm(images), checkpoint: checkpoint, executionChange: executionChange,
      progress: progress)
    return UpperBoundStudent(student, dataset: images.name, imageCount: images.count)
  }

  /// Measures an upper bound on the images that were held out of its training, or on all where none
  /// were.
  ///
  /// - Throws: As `train(onReal:checkpoint:executionChange:progress:)`.
  public func summary(
    of bound: UpperBoundStudent, onReal images: any RealImages
  ) throws -> TrainingSummary {
    try trainer.summary(of: bound.student, on: inTrainersForm(images))
  }

  /// Real images in the form that the trainer takes.
  ///
  /// This is the only place where real images get that form. The value stays in this type, and what is
  /// trained on it leaves as an ``UpperBoundStudent``. The initializer is `package`, so that no
  /// program outside can do the same. Difficulty is for pictures and reports; training does not read
  /// it.
  private func inTrainersForm(_ images: any RealImages) throws -> SyntheticImages {
    let teacher = trainer.teacher
    guard images.count > 0 else { throw QuantizationError.noImages(what: "training") }
    guard images.classCount == teacher.classCount else {
      throw TrainingError.imagesDoNotFit(
        expected: "labels over \(teacher.classCount) classes", found: "\(images.classCount)")
    }
    try demand(
      images.count <= Limit.elements / max(teacher.imageShape.count, 1),
      "images that together have at most \(Limit.elements) values", "\(images.count) images")
    return SyntheticImages(
      images: try teacher.inputs(images, at: 0..<images.count),
      labels: try .oneHot(images.labels, classCount: teacher.classCount),
      isEasy: [Bool](repeating: true, count: images.count), anchors: images.labels,
      difficulty: [Difficulty](
        repeating: Difficulty(labelEntropy: 0, predictionEntropy: 0, gradientNorm: 0),
        count: images.count),
      provenance: ["arch": teacher.architecture, "method": "real images", "data": images.name])
  }
}
