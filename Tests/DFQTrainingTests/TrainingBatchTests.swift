import DFQTestSupport
import DynaDFQ
import Foundation
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
        imagesPerStep: 16, mixup: .init(.easy), augmentation: false, seed: 2)
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

  /// With all images, hard ones are mixed too; a strength near 0 leaves most almost as they are.
  @Test func mixupOfAll() throws {
    let images = SyntheticImages.random(40)
    func changes(_ strength: Float) throws -> [Float] {
      let configuration = DynamicTrainer.Configuration(
        imagesPerStep: 32, mixup: .init(.all, strength: strength), augmentation: false, seed: 2)
      let indices = try indices(0, count: 32, of: 40, seed: 2)
      let batch = try batch(images, step: 0, configuration)
      return indices.enumerated().map { place, index in
        largestDifference(batch.inputs.row(place).elements, images.images.row(index).elements)
      }
    }
    // An image may draw itself as its partner.
    #expect(try changes(1).filter { $0 > 0 }.count >= 28)
    #expect(try changes(0.01).filter { $0 < 0.05 }.count > changes(1).filter { $0 < 0.05 }.count)
    for bad: Float in [0, 1000, .nan] {
      #expect(throws: TrainingError.self) {
        try TinyTrainer.student { $0.mixup = .init(.all, strength: bad) }.check()
      }
    }
  }

  /// The official code: with one share and a permutation, the sums over the images stay what they are;
  /// of two images each is s of one and 1 - s of the other.
  @Test func mixupOfABatch() throws {
    for count in [2, 16] {
      let images = SyntheticImages.random(count)
      let supplied = SyntheticBatch(
        inputs: images.images, labels: images.labels, isEasy: images.isEasy)
      var changed = 0
      for step in 0..<8 {
        let batch = try TrainingBatch(
          supplied, step: step,
          configuration: .init(mixup: .officialCode, augmentation: false, seed: 2))
        if batch.inputs != images.images { changed += 1 }
        for (mixed, own) in [(batch.inputs, images.images), (batch.labels, images.labels)] {
          for place in 0..<own.rowShape.count {
            let sums = [mixed, own].map { tensor in
              (0..<count).reduce(Float(0)) { $0 + tensor[$1 * own.rowShape.count + place] }
            }
            #expect(abs(sums[0] - sums[1]) < 1e-4)
          }
        }
      }
      #expect(changed > 0)
    }
    let plain = String(decoding: try JSONEncoder().encode(Mixup(.easy)), as: UTF8.self)
    #expect(!plain.contains("draws"))
    for mixup in [Mixup(.easy), .officialCode] {
      #expect(try JSONDecoder().decode(Mixup.self, from: JSONEncoder().encode(mixup)) == mixup)
    }
  }

  @Test func untouched() throws {
    let images = SyntheticImages.random(9)
    let batch = try batch(
      images, step: 1, .init(imagesPerStep: 4, mixup: .none, augmentation: false, seed: 2))
    let indices = try indices(1, count: 4, of: 9, seed: 2)
    #expect(batch.inputs == images.images.rows(at: indices))
    #expect(batch.labels == images.labels.rows(at: indices))
  }

  @Test func augmentationChangesImagesAlone() throws {
    let images = SyntheticImages.random(9)
    func augmented(_ step: Int) throws -> TrainingBatch {
      try batch(
        images, step: step, .init(imagesPerStep: 4, mixup: .none, augmentation: true, seed: 2))
    }
    let indices = try indices(1, count: 4, of: 9, seed: 2)
    #expect(try augmented(1).inputs != images.images.rows(at: indices))
    #expect(try augmented(1).labels == images.labels.rows(at: indices))
    // The same step is augmented in the same way.
    #expect(try augmented(1).inputs == augmented(1).inputs)
  }
}
