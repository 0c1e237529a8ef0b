import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

/// Cross entropy of easy images beside a copy of what it was made of.
private struct Watched: StudentObjective {
  static let kind = "watched"
  func teacherLayers(in network: Network) -> [ObservedLayer] { [.logits] }
  func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    let losses = try EasyCrossEntropy(threshold: 0.6).losses(for: batch)
    let labels = try #require(losses[0] as? CrossEntropy).labels
    let teacher = try batch.teacher(.logits)
    for image in 0..<batch.count {
      let row = batch.labels.row(image).elements
      let easy =
        Difficulty(logits: teacher.row(image).elements, label: row).gradientNorm < 0.6
      #expect(labels.row(image).elements == (easy ? row : row.map { _ in 0 }))
      seen.withLock { $0.append(easy) }
    }
    return losses
  }
}

private let seen = Mutex<[Bool]>([])

/// SynQ's training: filtered images, aligned activation maps, labels of easy images.
@Suite(.serialized) struct SynQTests {
  private let images = SyntheticImages.random(30)

  // MARK: Low-pass filter

  /// Two pixels have the frequencies 0 and 1: their mean stays, half their difference is multiplied by
  /// exp(-1/2 / D0^2), at a cutoff of 0.5, D0 = 1, by e^(-1/2).
  @Test func twoPixelsByHand() throws {
    let images = Tensor(shape: [1, 1, 2, 1], elements: [5, 1])
    let found = try LowPassFilter(cutoff: 0.5).apply(images)
    let half = 2 * exp(Float(-0.5))
    // One row has the frequency 0 only.
    #expect(largestDifference(found.elements, [3 + half, 3 - half]) < 1e-6)
  }

  /// A wave of u cycles down and v cycles across is multiplied by exp(-(u^2 + v^2) / (2 D0^2)); channels
  /// and images are apart.
  @Test(arguments: [(8, 8), (6, 9)]) func waves(height: Int, width: Int) throws {
    let filter = LowPassFilter(cutoff: 0.25)
    for (u, v) in [(0, 0), (1, 0), (0, 2), (3, 1), (2, 4)] {
      var images = Tensor(shape: [2, height, width, 2])
      for y in 0..<height {
        for x in 0..<width {
          let phase =
            2 * Float.pi * (Float(u * y) / Float(height) + Float(v * x) / Float(width))
          images[(y * width + x) * 2 + 1] = cos(phase)
        }
      }
      let found = try filter.apply(images)
      let (rows, columns) = (
        Float(u) / (0.25 * Float(height)), Float(v) / (0.25 * Float(width))
      )
      let share = exp(-(rows * rows + columns * columns) / 2)
      #expect(largestDifference(found.elements, images.elements.map { $0 * share }) < 2e-6)
    }
  }

  @Test func filterIsItsOwnTranspose() throws {
    var stream = RandomStream(seed: 4)
    let (a, b) = (stream.tensor([2, 5, 8, 3]), stream.tensor([2, 5, 8, 3]))
    let filter = LowPassFilter.published
    let left = dot(try filter.apply(a).elements, b.elements)
    let right = dot(a.elements, try filter.pullback(b, images: a).elements)
    #expect(abs(left - right) < 1e-5 * abs(left) + 1e-5)
  }

  /// At 32 pixels the official cutoff keeps 98 percent of the highest frequency, the published one a third.
  @Test func cutoffs() throws {
    var highest = Tensor(shape: [1, 32, 32, 1])
    for y in 0..<32 {
      for x in 0..<32 { highest[y * 32 + x] = y % 2 == 0 ? 1 : -1 }
    }
    #expect(abs(try LowPassFilter.officialCode.apply(highest)[0] - exp(-256.0 / 12_800)) < 1e-5)
    #expect(
      abs(try LowPassFilter.published.apply(highest)[0] - exp(-(0.5 * 2.8) * (0.5 * 2.8) / 2))
        < 1e-5)
  }

  @Test func filteredSetsAndBatches() throws {
    let filter = LowPassFilter(cutoff: 0.2)
    let set = try images.filtered(by: filter)
    #expect(set.labels == images.labels && set.isEasy == images.isEasy)
    #expect(try set.images == filter.apply(images.images))
    #expect(set.provenance["filter"]?.contains("0.2") == true)
    var configuration = DynamicTrainer.Configuration(mixup: .none, augmentation: false)
    let batch = SyntheticBatch(
      inputs: images.images, labels: images.labels, isEasy: images.isEasy)
    #expect(
      try TrainingBatch(batch, step: 0, configuration: configuration).inputs == images.images)
    configuration.lowPass = filter
    #expect(try TrainingBatch(batch, step: 0, configuration: configuration).inputs == set.images)
    for bad: Float in [0, -1, .nan, .infinity] {
      #expect(throws: (any Error).self) { try images.filtered(by: .init(cutoff: bad)) }
      #expect(throws: (any Error).self) {
        try TinyTrainer.student { $0.lowPass = .init(cutoff: bad) }.check()
      }
    }
    #expect(throws: SynthesisError.self) { try filter.apply(Tensor(shape: [2, 3])) }
  }

  // MARK: Activation maps

  private func evaluate(
    _ objective: ActivationMapDistance, _ value: [Float]
  ) -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: value.count)
    let loss = value.withUnsafeBufferPointer { value in
      gradient.withUnsafeMutableBufferPointer {
        objective.evaluate(image: 0, value: value, gradient: $0, scale: 1)
      }
    }
    return (loss, gradient)
  }

  /// Two channels at two positions, W = (2, -4) for class 0 and (0, 2) for class 1.
  @Test func mapsByHand() {
    let weights = Tensor(shape: [2, 2], elements: [2, 0, -4, 2])
    let map = ActivationMap(weights: weights, bias: [0, 0], positions: [1, 2])
    // Class 0: sums (2 * 3 - 4 * 1) / 2 = 1 and (2 * 5 - 4 * 1) / 2 = 3; class 1: 1 and 1, which has no range.
    let value: [Float] = [3, 1, 5, 1]
    #expect(largestDifference(map.map(value, label: 0), [0, 1]) < 1e-6)
    #expect(map.map(value, label: 1) == [0, 0])
    // Sums below 0 are cut off: (2 - 4 * 3) / 2 and (2 * 1 - 0) / 2.
    #expect(largestDifference(map.map([1, 3, 1, 0], label: 0), [0, 1]) < 1e-6)
    // The second channel, whose weight is below 0, hardly counts: sums of 1 and 2.
    let positive = ActivationMap(
      weights: weights, bias: [0, 0], positions: [1, 2], dropsNegative: true)
    #expect(largestDifference(positive.map([1, 3, 2, 9], label: 0), [0, 1]) < 1e-6)
    // Four columns read 0, 1/4, 3/4 and 1 of the way from the first to the second.
    let resized = ActivationMap(
      weights: weights, bias: [0, 0], positions: [1, 2], size: [1, 4])
    #expect(largestDifference(resized.map(value, label: 0), [0, 0.25, 0.75, 1]) < 1e-6)
    // Means (4, 1): logits 4 and 2, so the class is 0; the distance from (1/2, 1/2) is 1/4.
    let target = Tensor(shape: [1, 2], elements: [0.5, 0.5])
    for classes in [nil, [0]] as [[Int]?] {
      let objective = ActivationMapDistance(
        map: map, targets: target, classes: classes, node: 0)
      #expect(abs(evaluate(objective, value).loss - 0.25) < 1e-8)
    }
    let other = ActivationMap(weights: weights, bias: [0, 9], positions: [1, 2])
    let objective = ActivationMapDistance(map: other, targets: target, classes: nil, node: 0)
    #expect(abs(evaluate(objective, value).loss - 0.25) < 1e-8)
    // A map without a range has no gradient.
    #expect(evaluate(objective, value).gradient == [0, 0, 0, 0])
  }

  /// Against central differences, at the layer's size and at a larger one, for a given class.
  @Test(arguments: [nil, [7, 9]] as [[Int]?], [false, true])
  func gradient(size: [Int]?, dropsNegative: Bool) {
    var stream = RandomStream(seed: 11)
    for _ in 0..<5 {
      let map = ActivationMap(
        weights: stream.tensor([4, 3]), bias: [0, 0, 0], positions: [3, 4], size: size,
        dropsNegative: dropsNegative)
      let count = map.size[0] * map.size[1]
      let objective = ActivationMapDistance(
        map: map, targets: Tensor(shape: [1, count], elements: stream.normals(count).map(abs)),
        classes: [1], node: 0)
      let (value, direction) = (stream.normals(48), stream.normals(48))
      let gradient = evaluate(objective, value).gradient
      let expected = directionalDerivative(at: value, along: direction, step: 1e-4) {
        evaluate(objective, $0).loss
      }
      let scale = (dot(gradient, gradient) * dot(direction, direction)).squareRoot()
      #expect(scale > 0 && abs(dot(gradient, direction) - expected) < 2e-3 * scale)
    }
  }

  /// A student of many bits has its teacher's maps; one of few comes closer by training on them alone.
  @Test(arguments: [ActivationMapAlignment.published, .officialCode])
  func alignmentLearns(objective: ActivationMapAlignment) throws {
    func losses(_ bits: Int, steps: Int) throws -> [Double] {
      var objective = objective
      objective.weight = 500
      var result: [Double] = []
      var trainer = try TinyTrainer.student(bits: [bits], objectives: [objective]) {
        $0.steps = steps
        $0.learningRate = 1e-3
        $0.schedule = .constant
        $0.mixup = .none
        $0.augmentation = false
        $0.holdOut = 0
      }
      if bits == 8 {
        trainer = DynamicTrainer(
          teacher: trainer.teacher, quantizer: .family(weightBits: 8, activationBits: [8]),
          objectives: [objective], configuration: trainer.configuration, context: trainer.context)
      }
      _ = try trainer.train(on: images) { result.append($0.losses[0].value) }
      return result
    }
    let (fine, coarse) = (try losses(8, steps: 1)[0], try losses(3, steps: 1)[0])
    #expect(fine < 0.2 * coarse, "\(fine) of \(coarse)")
    let steps = try losses(3, steps: 80)
    let ratio = steps.suffix(20).reduce(0, +) / steps.prefix(20).reduce(0, +)
    #expect(ratio < 0.95, "\(ratio)")
  }

  @Test func layersOfMaps() throws {
    let network = try Network.tinyResNet()
    let objective = ActivationMapAlignment()
    try objective.check(for: network)
    let layer = try #require(objective.studentLayers(in: network).first)
    let node = network.graph.nodes[try layer.node(in: network)]
    #expect(node.layer is Activation && node.outputShape.rank == 3)
    #expect(objective.teacherLayers(in: network) == [layer, .logits])
  }

  // MARK: Easy images

  @Test func labelsOfEasyImages() throws {
    seen.withLock { $0 = [] }
    _ = try TinyTrainer.student(objectives: [Watched()]).train(on: images)
    let flags = seen.withLock { $0 }
    #expect(flags.contains(true) && flags.contains(false))
    for bad: Float in [-0.1, 1.1, .nan] {
      #expect(throws: TrainingError.self) {
        try TinyTrainer.student(objectives: [EasyCrossEntropy(threshold: bad)]).check()
      }
    }
  }

  // MARK: All of it

  @Test func presetTrainsAndResumes() throws {
    let preset = DynamicTrainer.Configuration.synQ
    #expect(preset.lowPass == .published && preset.perturbation?.size == 0.01)
    #expect(preset.imagesPerStep == 4 && preset.steps == 97 * 200)
    let directory = try temporaryDirectory()
    defer { try? removeFile(directory) }
    let path = directory + "/state"
    func trainer(_ cutoff: Float) throws -> DynamicTrainer {
      try TinyTrainer.student(bits: [2, 3, 4], budget: 3.4, objectives: .synQ) {
        $0.mixup = .none
        $0.lowPass = .init(cutoff: cutoff)
        $0.perturbation = Perturbation()
      }
    }
    let whole = try trainer(0.3).train(on: images)
    #expect(throws: Interruption.self) {
      try trainer(0.3).train(on: images, checkpoint: path) { progress in
        if progress.step == 6 { throw Interruption() }
      }
    }
    #expect(throws: TrainingError.self) { try trainer(0.4).train(on: images, checkpoint: path) }
    #expect(try trainer(0.3).train(on: images, checkpoint: path).bytes() == whole.bytes())
    let text = String(
      decoding: try JSONEncoder().encode(DynamicTrainer.Configuration()), as: UTF8.self)
    #expect(!text.contains("lowPass"))
  }
}
