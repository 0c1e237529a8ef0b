import DFQEngine
import DFQGraph
import DFQQuantization
import DFQSynthesis
import DFQTensor

/// Measures agreement with the teacher on synthetic images no step ever sees.
///
/// It compares settings of one method, not methods: images of another method rank them differently.
struct HeldOutWatcher {
  private let images: SyntheticImages
  private let predictions: [Int]
  private let trainer: DynamicTrainer

  /// Nil where there are no images to watch.
  init?(_ trainer: DynamicTrainer, _ images: SyntheticImages?) throws {
    guard let images else { return nil }
    self.images = images
    self.trainer = trainer
    predictions = try FloatExecutor(trainer.teacher, context: trainer.context)
      .logits(ofInputs: images.images).argmaxOfRows()
  }

  /// What the student does with the images.
  func run(_ student: QuantizedNetwork) throws -> StudentRun {
    try StudentEvaluator(student, context: trainer.context)
      .run(images.images, policy: .selector)
  }

  /// The share of held-out images the student classifies as the teacher does.
  func agreement(of student: QuantizedNetwork) throws -> Double {
    agreement(try run(student))
  }

  /// The same from a run over the images.
  func agreement(_ run: StudentRun) -> Double { run.share(equalTo: predictions) }
}

extension DynamicTrainer {
  /// Checks that a student's logits are finite on the first images.
  ///
  /// - Throws: ``QuantizationError/logitsNotFinite(what:images:)``.
  func checkLogits(of student: QuantizedNetwork, images: Tensor) throws {
    _ = try StudentEvaluator(student, context: context).run(
      images.rows(0..<min(images.rowCount, 16)), policy: .selector)
  }
}
