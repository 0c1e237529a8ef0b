import DFQEngine
import DFQGraph
import DFQQuantization
import DFQSynthesis

/// Measures agreement with the teacher on synthetic images no step ever sees.
///
/// It compares settings of one method, not methods: other images rank differently (methods.md 11,
/// item 7).
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

  /// The share of held-out images the student classifies as the teacher does.
  func agreement(of student: QuantizedNetwork) throws -> Double {
    try StudentEvaluator(student, context: trainer.context)
      .run(images.images, policy: .selector)
      .share(equalTo: predictions)
  }
}
