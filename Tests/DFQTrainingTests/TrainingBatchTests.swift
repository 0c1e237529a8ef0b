import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct TrainingBatchTests {
  /// Batches of 5 over 12 images run on over the epochs' ends; each epoch is a permutation.
  @Test func everyImageOncePerEpoch() {
    let drawn = (0..<12).flatMap {
      TrainingBatch.indices(step: $0, batch: 5, count: 12, seed: 3)
    }
    let epochs = (0..<5).map { Array(drawn[$0 * 12..<($0 + 1) * 12]) }
    #expect(epochs.allSatisfy { $0.sorted() == Array(0..<12) })
    #expect(Set(epochs).count == 5)
  }

  /// A batch depends on its step and seed alone, so that a run may be cut anywhere.
  @Test func stepsAreIndependent() {
    func indices(_ step: Int, seed: UInt64 = 3) -> [Int] {
      TrainingBatch.indices(step: step, batch: 5, count: 12, seed: seed)
    }
    let inOrder = (0..<8).map { indices($0) }
    let backwards = (0..<8).reversed().map { indices($0) }
    #expect(inOrder == backwards.reversed())
    #expect(indices(0) != indices(0, seed: 4))
  }

  @Test func batchLargerThanTheSet() {
    let indices = TrainingBatch.indices(step: 0, batch: 7, count: 3, seed: 1)
    #expect(indices.count == 7)
    #expect(Array(indices[0..<3]).sorted() == [0, 1, 2])
    #expect(Array(indices[3..<6]).sorted() == [0, 1, 2])
  }

  /// mixup leaves hard images as they are and mixes easy ones among themselves.
  @Test func mixup() {
    let images = SyntheticImages.random(40)
    for step in 0..<5 {
      let configuration = DynamicTrainer.Configuration(
        batch: 16, mixup: true, augmentation: false, seed: 2)
      let indices = TrainingBatch.indices(step: step, batch: 16, count: 40, seed: 2)
      let batch = TrainingBatch(images, step: step, configuration: configuration)
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

  @Test func untouched() {
    let images = SyntheticImages.random(9)
    let batch = TrainingBatch(
      images, step: 1,
      configuration: .init(batch: 4, mixup: false, augmentation: false, seed: 2))
    let indices = TrainingBatch.indices(step: 1, batch: 4, count: 9, seed: 2)
    #expect(batch.inputs == images.images.rows(at: indices))
    #expect(batch.labels == images.labels.rows(at: indices))
  }

  @Test func augmentationChangesImagesAlone() {
    let images = SyntheticImages.random(9)
    func batch(_ step: Int) -> TrainingBatch {
      TrainingBatch(
        images, step: step,
        configuration: .init(batch: 4, mixup: false, augmentation: true, seed: 2))
    }
    let indices = TrainingBatch.indices(step: 1, batch: 4, count: 9, seed: 2)
    #expect(batch(1).inputs != images.images.rows(at: indices))
    #expect(batch(1).labels == images.labels.rows(at: indices))
    #expect(batch(1).inputs == batch(1).inputs)
  }
}
