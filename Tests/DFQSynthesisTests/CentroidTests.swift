import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

/// Centroids of classes from features in the place of the classifier's rows.
@Suite struct CentroidTests {
  /// Two classes with the rows (1, 0) and (0, 1), and the centroids (1, 1/2) and (0, 1).
  ///
  /// Logits are s (1, 1/2) at the first centroid and s (0, 1) at the second; with t = e^(-s/2) the mean
  /// probability is (1 / (1 + t) + 1 / (1 + t^2)) / 2, which is 11/15 at t = 1/2, s = 2 log 2.
  @Test func smoothingByHand() throws {
    let network = try classifier([[1, 0], [0, 1]])
    let smoothing = try ClassifierSmoothing(
      network, confidence: 11.0 / 15, centroids: [[1, 0.5], [0, 1]])
    let scale = 2 * log(2.0)
    #expect(abs(smoothing.scale - scale) < 1e-9)
    // The columns are the logits at the centroids.
    for (found, expected) in zip(smoothing.matrix, [1, 0, 0.5, 1] as [Double]) {
      #expect(abs(found - expected * scale) < 1e-9)
    }
    for (found, expected) in zip(smoothing.times([1, 0]), [1, 0.5] as [Double]) {
      #expect(abs(found - expected * scale) < 1e-9)
    }
    for (found, expected) in zip(smoothing.transposeTimes([1, 0]), [1, 0] as [Double]) {
      #expect(abs(found - expected * scale) < 1e-9)
    }
    // Half of each class: logits s (1/2, 3/4), so that the second has 1 / (1 + 2^(-1/2)).
    let label: [Double] = smoothing.logLabel([0.5, 0.5]).map { exp($0) }
    #expect(abs(label[1] - 1 / (1 + 0.5.squareRoot())) < 1e-9)
    #expect(throws: SynthesisError.self) {
      try ClassifierSmoothing(network, confidence: 0.7, centroids: [[1, 0]])
    }
    #expect(throws: SynthesisError.self) {
      try ClassifierSmoothing(network, confidence: 0.7, centroids: [[1, 0, 0], [0, 1, 0]])
    }
  }

  /// The class vectors as given centroids are the classifier's rows.
  @Test func rowsAreTheDefault() throws {
    let rows: [[Float]] = [[1, 0.5], [0, 1], [-1, 0.25]]
    let network = try classifier(rows, bias: [0.1, 0, -0.1])
    let usual = try ClassifierSmoothing(network, confidence: 0.6)
    let given = try ClassifierSmoothing(network, confidence: 0.6, centroids: rows)
    #expect(zip(usual.matrix, given.matrix).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  /// Images that are their own features: (1, 3) and (3, 5) of class 0, (-1, 0) of class 1.
  @Test func meanFeaturesByHand() throws {
    let network = try classifier([[1, 0], [0, 1]])
    func images(_ anchors: [Int]) -> SyntheticImages {
      SyntheticImages(
        images: Tensor(shape: [3, 1, 1, 2], elements: [1, 3, -1, 0, 3, 5]),
        labels: Tensor(shape: [3, 2], repeating: 0.5), isEasy: [true, true, true],
        anchors: anchors,
        difficulty: .init(
          repeating: Difficulty(labelEntropy: 0, predictionEntropy: 0, gradientNorm: 0), count: 3))
    }
    let found = try ClassCentroids.meanFeatures(of: images([0, 1, 0]), in: network)
    #expect(found == [[2, 4], [-1, 0]])
    #expect(throws: SynthesisError.self) {
      try ClassCentroids.meanFeatures(of: images([0, 0, 0]), in: network)
    }
    #expect(throws: SynthesisError.self) {
      try ClassCentroids.meanFeatures(of: images([0, 0, 2]), in: network)
    }
    #expect(throws: SynthesisError.self) {
      try ClassCentroids.meanFeatures(of: .random(2, shape: [1, 1, 3], classes: 2), in: network)
    }
  }

  /// The features of a network are what its classifier reads: logits are their products.
  @Test func featuresOfANetwork() throws {
    let network = try tinyNetwork()
    let images = SyntheticImages.random(8, shape: [12, 12, 3])
    let means = try ClassCentroids.meanFeatures(of: images, in: network)
    let (_, weight, bias) = try network.classifier()
    let logits = try FloatExecutor(network).logits(ofInputs: images.images)
    for anchor in 0..<4 {
      for k in 0..<4 {
        let mean = (logits[anchor * 4 + k] + logits[(anchor + 4) * 4 + k]) / 2
        let product = means[anchor].indices.reduce(Double(bias[k])) {
          $0 + Double(weight[$1 * 4 + k]) * Double(means[anchor][$1])
        }
        #expect(abs(product - Double(mean)) < 1e-4)
      }
    }
  }

  /// The gradient of labels, whose matrix is not symmetric now, against central differences.
  @Test(arguments: RefinedLabels.Mode.allCases)
  func gradient(mode: RefinedLabels.Mode) throws {
    var stream = RandomStream(seed: 3, "labels")
    let network = try classifier((0..<4).map { k in (0..<4).map { $0 == k ? 1 : 0 } })
    let centroids: [[Float]] = [
      [1, 0.6, 0, -0.2], [0, 1, 0.3, 0.1], [-0.4, 0, 1, 0.5], [0.2, 0.1, 0, 1],
    ]
    var labels = try LabelRefinement(
      .init(
        mode: mode, entropyWeight: 0.7, entropyDeviation: 0.5, centroidConfidence: 0.8,
        centroids: .vectors(centroids)), count: 6, network: network, stream: &stream)
    labels.parameters = labels.parameters.map { $0 + 0.3 * stream.normal() }
    let negativeLog = (0..<24).map { _ in 0.5 + 3 * Double(stream.uniform()) }
    func total(_ parameters: [Float]) -> Double {
      var moved = labels
      moved.parameters = parameters
      let crossEntropy = zip(moved.labels.elements, negativeLog).reduce(0) {
        $0 + Double($1.0) * $1.1
      }
      return 0.7 * moved.lossAndGradient().entropyLoss + crossEntropy / 6
    }
    let gradient = labels.lossAndGradient(labelGradient: negativeLog.map { $0 / 6 }).gradient
    for _ in 0..<5 {
      let direction = stream.normals(gradient.count)
      let expected = directionalDerivative(
        at: labels.parameters, along: direction, step: 1e-3, total)
      let found = dot(gradient, direction)
      #expect(abs(found - expected) < 2e-3 * max(abs(expected), 0.05), "\(found) \(expected)")
    }
  }

  private func synthesizer(_ centroids: ClassCentroids, seed: UInt64 = 3) throws -> Synthesizer {
    try Synthesizer(
      teacher: tinyNetwork(),
      method: SoftLabelMethod(
        labels: RefinedLabels(centroidConfidence: 0.4, centroids: centroids)),
      configuration: .init(
        count: 9, imagesPerBatch: 5, steps: 3, dropUnfaithful: false, seed: seed))
  }

  /// A run's centroids are those of one-hot images of its seed; a resumed run makes the same.
  @Test func runs() throws {
    let features = ClassCentroids.features(imagesPerClass: 3, steps: 40)
    let oneHot = try Synthesizer(
      teacher: tinyNetwork(), method: SoftLabelMethod(labels: OneHotLabels()),
      configuration: .init(
        count: 12, imagesPerBatch: 12, steps: 40, dropUnfaithful: false, seed: 3)
    ).synthesize()
    let vectors = try ClassCentroids.meanFeatures(of: oneHot, in: tinyNetwork())
    try withDirectory { directory in
      let whole = try synthesizer(features).synthesize(checkpoint: directory)
      let given = try synthesizer(.vectors(vectors)).synthesize()
      #expect(whole.images == given.images && whole.labels == given.labels)
      #expect(try whole.labels != synthesizer(.classifierRows).synthesize().labels)
      try FileManager.default.removeItem(atPath: "\(directory)/batch-1.safetensors")
      let resumed = try synthesizer(features).synthesize(checkpoint: directory)
      #expect(resumed.images == whole.images && resumed.labels == whole.labels)
      do {
        _ = try synthesizer(.features(imagesPerClass: 4, steps: 40))
          .synthesize(checkpoint: directory)
        Issue.record("accepted other centroids")
      } catch SynthesisError.otherRun(_, let setting, _, _) {
        #expect(
          setting == "method.settings.labels.settings.centroids.features.imagesPerClass")
      }
    }
  }

  /// Centroids are made once for a run, and not where all batches are there.
  @Test func preparedOnce() throws {
    struct Counting: LabelStrategy {
      static let kind = "counting"
      func prepared(for network: Network, seed: UInt64, context: ExecutionContext) -> Counting {
        #expect(seed == 3)
        preparations.withLock { $0 += 1 }
        return self
      }
      func labels(
        count: Int, network: Network, stream: inout RandomStream
      ) throws -> LabelBatch {
        try OneHotLabels().labels(count: count, network: network, stream: &stream)
      }
    }
    try withDirectory { directory in
      let synthesizer = try Synthesizer(
        teacher: tinyNetwork(), method: SoftLabelMethod(labels: Counting()),
        configuration: .init(
          count: 6, imagesPerBatch: 2, steps: 1, dropUnfaithful: false, seed: 3))
      for _ in 0..<2 { _ = try synthesizer.synthesize(checkpoint: directory) }
      #expect(preparations.withLock { $0 } == 1)
    }
  }

  @Test func coding() throws {
    let encoder = JSONEncoder()
    let usual = String(decoding: try encoder.encode(RefinedLabels()), as: UTF8.self)
    #expect(!usual.contains("centroids"))
    for centroids in [
      ClassCentroids.classifierRows, .features(imagesPerClass: 5, steps: 7), .vectors([[1], [2]]),
    ] {
      let labels = RefinedLabels(mode: .logits, centroids: centroids)
      let read = try JSONDecoder().decode(RefinedLabels.self, from: encoder.encode(labels))
      #expect(read == labels)
    }
    for bad in [
      ClassCentroids.features(imagesPerClass: 0, steps: 1),
      .features(imagesPerClass: 1, steps: -1), .vectors([[.nan]]),
    ] {
      #expect(throws: SynthesisError.self) { try RefinedLabels(centroids: bad).check() }
    }
  }
}

/// How often the strategy of a test was prepared.
private let preparations = Mutex(0)
