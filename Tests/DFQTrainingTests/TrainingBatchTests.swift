import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct TrainingBatchTests {
  private func indices(_ step: Int, count: Int = 5, of images: Int, seed: UInt64) throws -> [Int] {
    try StoredImages(.random(images)).positions(step: step, count: count, seed: seed)
  }

  private func batch(
    _ images: SyntheticImages, step: Int, _ configuration: DynamicTrainer.Configuration
  ) throws -> TrainingBatch {
    try TrainingBatch(
      StoredImages(images).batch(
        step: step, count: configuration.imagesPerStep, seed: configuration.seed), step: step,
      configuration: configuration)
  }

  /// mixup leaves hard images as they are and mixes easy ones among themselves.
  @Test func mixup() throws {
    let images = SyntheticImages.random(40)
    for step in 0..<5 {
      let configuration = DynamicTrainer.Configuration(
        imagesPerStep: 16, mixup: true, augmentation: false, seed: 2)
      let indices = try indices(step, count: 16, of: 40, seed: 2)
      let batch = try batch(images, step: step, configuration)
      var changed = 0
      for (place, index) in indices.enumerated() {
        let isSame = batch.inputs.row(place) == images.images.row(index)
        let labels = batch.labels.row(place).elements
        // Labels stay a distribution: one rounding error per class.
        #expect(abs(labels.reduce(0, +) - 1) < 1e-6)
        if images.isEasy[index] {
          if !isSame { changed += 1 }
          // Easy labels are one-hot in classes 0 and 2 here.
          #expect(labels[1] == 0 && labels[3] == 0)
        } else {
          #expect(isSame)
          #expect(labels == images.labels.row(index).elements)
        }
      }
      #expect(changed > 0)
    }
  }

  @Test func untouched() throws {
    let images = SyntheticImages.random(9)
    let batch = try batch(
      images, step: 1, .init(imagesPerStep: 4, mixup: false, augmentation: false, seed: 2))
    let indices = try indices(1, count: 4, of: 9, seed: 2)
    #expect(batch.inputs == images.images.rows(at: indices))
    #expect(batch.labels == images.labels.rows(at: indices))
  }

  @Test func augmentationChangesImagesAlone() throws {
    let images = SyntheticImages.random(9)
    func augmented(_ step: Int) throws -> TrainingBatch {
      try batch(
        images, step: step, .init(imagesPerStep: 4, mixup: false, augmentation: true, seed: 2))
    }
    let indices = try indices(1, count: 4, of: 9, seed: 2)
    #expect(try augmented(1).inputs != images.images.rows(at: indices))
    #expect(try augmented(1).labels == images.labels.rows(at: indices))
    // The same step is augmented in the same way.
    #expect(try augmented(1).inputs == augmented(1).inputs)
  }
}
