import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// HAST's synthesis: cross entropies that weigh images by their difficulty.
@Suite struct HardSampleTests {
  private func evaluate(
    _ objective: HardSampleCrossEntropy, _ value: [Float], image: Int = 0, scale: Float = 1
  ) -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: value.count)
    let loss = value.withUnsafeBufferPointer { value in
      gradient.withUnsafeMutableBufferPointer {
        objective.evaluate(image: image, value: value, gradient: $0, scale: scale)
      }
    }
    return (loss, gradient)
  }

  /// The softmax of (log 3, 0) is (3/4, 1/4).
  ///
  /// With gamma 2 the loss of class 0 is 1/16 log(4/3), and
  /// the gradient at its logit (2 * 3/4 * 1/4 * log(3/4) - 1/16) / 4.
  @Test func byHand() {
    let objective = HardSampleCrossEntropy(classes: [0, 1], exponent: 2, node: 0)
    let logits: [Float] = [log(3), 0]
    let easy = evaluate(objective, logits)
    #expect(abs(easy.loss - log(4.0 / 3) / 16) < 1e-8)
    let slope = Float((0.375 * log(0.75) - 0.0625) / 4)
    #expect(largestDifference(easy.gradient, [slope, -slope]) < 1e-7)
    // Class 1: 9/16 log 4, and (2 * 1/4 * 3/4 * log(1/4) - 9/16) 3/4.
    let hard = evaluate(objective, logits, image: 1, scale: 2)
    #expect(abs(hard.loss - 9.0 / 16 * log(4.0)) < 1e-7)
    let other = Float(2 * (0.375 * log(0.25) - 0.5625) * 0.75)
    #expect(largestDifference(hard.gradient, [-other, other]) < 1e-6)
  }

  /// With gamma 0 it is the cross entropy; images that are sure have neither loss nor gradient.
  @Test func limits() throws {
    var stream = RandomStream(seed: 1)
    let logits = stream.normals(5)
    let plain = evaluate(.init(classes: [3], exponent: 0, node: 0), logits)
    var gradient = [Float](repeating: 0, count: 5)
    let labels = try Tensor.oneHot([3], classCount: 5)
    let loss = logits.withUnsafeBufferPointer { value in
      gradient.withUnsafeMutableBufferPointer {
        CrossEntropy(labels: labels, node: 0).evaluate(
          image: 0, value: value, gradient: $0, scale: 1)
      }
    }
    #expect(abs(plain.loss - loss) < 1e-12)
    #expect(largestDifference(plain.gradient, gradient) < 1e-6)
    for exponent: Float in [0.5, 1, 2] {
      let sure = evaluate(.init(classes: [0], exponent: exponent, node: 0), [1000, 0, 0])
      #expect(sure.loss == 0 && sure.gradient == [0, 0, 0])
      let wrong = evaluate(.init(classes: [1], exponent: exponent, node: 0), [50, 0, 0])
      #expect(abs(wrong.loss - 50) < 1e-6)
      #expect(wrong.gradient.allSatisfy { $0.isFinite })
    }
  }

  /// Against central differences; the weight's own derivative is part of the gradient.
  @Test(arguments: [0, 0.5, 1, 2, 3] as [Float])
  func gradient(exponent: Float) {
    for label in 0..<4 {
      var stream = RandomStream(seed: 7, "logits", label)
      let (value, direction) = (stream.normals(4), stream.normals(4))
      let objective = HardSampleCrossEntropy(classes: [label], exponent: exponent, node: 0)
      let gradient = evaluate(objective, value).gradient
      let expected = directionalDerivative(at: value, along: direction, step: 1e-2) {
        evaluate(objective, $0).loss
      }
      let scale = (dot(gradient, gradient) * dot(direction, direction)).squareRoot()
      #expect(abs(dot(gradient, direction) - expected) < 1e-3 * scale + 1e-5)
    }
  }

  @Test func targetsAreChecked() throws {
    let objective = HardSampleCrossEntropy(classes: [0, 3], node: 0)
    try objective.check(batch: 2, shape: [4])
    #expect(throws: NetworkError.self) { try objective.check(batch: 3, shape: [4]) }
    #expect(throws: NetworkError.self) { try objective.check(batch: 2, shape: [3]) }
  }

  private func synthesizer(
    _ method: HardSampleMethod = .init(), steps: Int = 20, seed: UInt64 = 3
  ) throws -> Synthesizer {
    try Synthesizer(
      teacher: tinyNetwork(), method: method,
      configuration: HardSampleMethod.run(
        like: .init(
          count: 9, imagesPerBatch: 5, steps: steps, learningRate: 0.05, seed: seed)))
  }

  /// All images are kept, labels are one-hot and even, and the loss falls.
  @Test func images() throws {
    var losses: [Double] = []
    let images = try synthesizer(steps: 60).synthesize { progress in
      #expect(progress.losses.map(\.name) == ["hard cross entropy", "BN statistics"])
      if progress.batch == 0 { losses.append(progress.totalLoss) }
    }
    #expect(images.count == 9 && images.droppedCount == 0)
    #expect(images.isEasy.allSatisfy { $0 })
    #expect(images.labels == (try Tensor.oneHot(images.anchors, classCount: 4)))
    #expect(losses.last! < 0.8 * losses[0])
    #expect(
      images.provenance["method"]?.hasPrefix(#"{"kind":"hard samples","settings":{"exponent":2"#)
        == true)
  }

  /// With a higher exponent images stay harder: the weight leaves those alone that are sure.
  @Test func difficulty() throws {
    func mean(_ exponent: Float) throws -> Float {
      let images = try synthesizer(
        .init(exponent: exponent, statisticsWeight: 0.01), steps: 200
      ).synthesize()
      return images.difficulty.map(\.gradientNorm).reduce(0, +) / Float(images.count)
    }
    let (plain, hard) = (try mean(0), try mean(2))
    #expect(hard > plain, "\(hard) against \(plain)")
  }

  @Test func resumedRunGivesTheSameBits() throws {
    try withDirectory { directory in
      let whole = try synthesizer().synthesize(checkpoint: directory)
      try FileManager.default.removeItem(atPath: "\(directory)/batch-1.safetensors")
      let resumed = try synthesizer().synthesize(checkpoint: directory)
      #expect(resumed.images == whole.images && resumed.labels == whole.labels)
      do {
        _ = try synthesizer(.init(exponent: 1)).synthesize(checkpoint: directory)
        Issue.record("accepted another exponent")
      } catch SynthesisError.otherRun(_, let setting, _, _) {
        #expect(setting == "method.settings.exponent")
      }
    }
  }

  @Test func settings() throws {
    #expect(HardSampleMethod.cifar.labelWeight == 10 && HardSampleMethod.cifar.exponent == 2)
    #expect(HardSampleMethod.imageNet.labelWeight == 0.1)
    #expect(HardSampleMethod.imageNet.exponent == 0.5)
    for bad: Float in [-1, .nan, .infinity] {
      for method in [
        HardSampleMethod(labelWeight: bad), .init(exponent: bad), .init(statisticsWeight: bad),
      ] {
        #expect(throws: SynthesisError.self) { try synthesizer(method) }
      }
    }
  }
}
