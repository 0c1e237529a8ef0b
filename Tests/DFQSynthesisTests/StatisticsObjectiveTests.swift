import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// DSG's slack statistics and its margins.
@Suite struct SlackTests {
  private func statistics(
    margins: (Double, Double) = (0, 0), enhanced: Set<Int> = [], enhancement: Double = 1
  ) -> SlackStatistics {
    SlackStatistics(
      targetMean: [1, 0], targetVariance: [4 - 1e-6, 1 - 1e-6], meanMargin: margins.0,
      deviationMargin: margins.1, enhancedImages: enhanced, enhancement: enhancement, node: 0)
  }

  /// Means (3, 1) against (1, 0) and deviations (3, 1/2) against (2, 1), with margins of 1 and 3/4:
  /// what is left is (1, 0) and (1/4, 0).
  @Test func byHand() {
    // Variances whose unbiased root is 3 and 1/2: 3/4 of 9 and 1/4, for 4 values.
    let variance = [(9 - 1e-6) * 0.75, (0.25 - 1e-6) * 0.75]
    let slack = statistics(margins: (1, 0.75), enhanced: [1], enhancement: 4)
    let plain = slack.evaluate(image: 0, mean: [3, 1], variance: variance, count: 4)
    #expect(abs(plain.value - (1 + 0.0625)) < 1e-12)
    #expect(plain.meanGradient == [2, 0])
    // 2 * 1/4 through d sigma / d variance = 4/3 / (2 * 3).
    #expect(abs(plain.varianceGradient[0] - 0.5 * (4.0 / 3) / 6) < 1e-12)
    #expect(plain.varianceGradient[1] == 0)
    let enhanced = slack.evaluate(image: 1, mean: [3, 1], variance: variance, count: 4)
    #expect(abs(enhanced.value - 4 * 1.0625) < 1e-12)
    #expect(enhanced.meanGradient == [8, 0])
    // Below the target the sign turns.
    let below = statistics(margins: (1, 0)).evaluate(mean: [-2, 0], variance: variance, count: 4)
    #expect(below.meanGradient == [-4, 0])
  }

  /// Without slack it is ZeroQ's loss.
  @Test func withoutSlack() {
    let (mean, variance) = ([0.3, -1.2], [2.0, 0.4])
    let slack = statistics().evaluate(mean: mean, variance: variance, count: 9)
    let plain = BatchNormStatistics(
      targetMean: [1, 0], targetVariance: [4 - 1e-6, 1 - 1e-6], comparison: .imageDeviation,
      node: 0, weight: 1
    ).evaluate(mean: mean, variance: variance, count: 9)
    #expect(slack.value == plain.value && slack.meanGradient == plain.meanGradient)
    #expect(slack.varianceGradient == plain.varianceGradient)
  }

  @Test func differences() {
    let slack = statistics(margins: (0.1, 0.2), enhanced: [0], enhancement: 3)
    let (mean, variance) = ([0.3, -1.2], [2.0, 0.4])
    let found = slack.evaluate(image: 0, mean: mean, variance: variance, count: 9)
    let h = 1e-6
    for c in 0..<2 {
      func loss(_ mean: [Double], _ variance: [Double]) -> Double {
        slack.evaluate(image: 0, mean: mean, variance: variance, count: 9).value
      }
      func moved(_ values: [Double], _ by: Double) -> [Double] {
        var values = values
        values[c] += by
        return values
      }
      let atMean = (loss(moved(mean, h), variance) - loss(moved(mean, -h), variance)) / (2 * h)
      #expect(abs(found.meanGradient[c] - atMean) < 1e-6)
      let atVariance = (loss(mean, moved(variance, h)) - loss(mean, moved(variance, -h))) / (2 * h)
      #expect(abs(found.varianceGradient[c] - atVariance) < 1e-6)
    }
  }

  /// The engine says which image it asks for.
  @Test func enhancedImagesOfABatch() throws {
    let network = try tinyNetwork()
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([3, 12, 12, 3])
    let margins = SlackMargins(
      layers: network.graph.batchNorms.map { _ in .init(mean: 0.01, deviation: 0.02) })
    func losses(_ images: Tensor, enhanced: Set<Int>) throws -> [Double] {
      let objectives = try margins.objectives(for: network, weight: 1, enhancement: 4) {
        $0 == 2 ? enhanced : []
      }
      return try FloatExecutor(network).run(
        images, request: PassRequest(momentObjectives: objectives, imageGradient: true)
      ).momentLosses
    }
    let single = try (0..<3).map { try losses(images.rows($0..<$0 + 1), enhanced: []) }
    let all = try losses(images, enhanced: [1])
    for layer in all.indices {
      let factor = layer == 2 ? 4.0 : 1
      let expected = (single[0][layer] + factor * single[1][layer] + single[2][layer]) / 3
      #expect(abs(all[layer] - expected) < 1e-5 * max(expected, 1), "layer \(layer)")
    }
  }

  @Test func quantiles() {
    #expect(SlackMargins.quantile([4, 1, 3, 2], 0.5) == 2.5)
    #expect(SlackMargins.quantile([4, 1, 3, 2], 1) == 4)
    #expect(SlackMargins.quantile([7], 0.9) == 7)
  }

  /// With the largest deviations as margins the images that were measured cost nothing.
  @Test func measuredImagesLieWithinTheMargins() throws {
    let network = try tinyNetwork()
    let margins = try SlackMargins(measuring: network, imageCount: 5, percentile: 1, seed: 4)
    var stream = RandomStream(seed: 4, "slack margins", 0)
    let images = stream.tensor([5, 12, 12, 3])
    func losses(_ margins: SlackMargins) throws -> [Double] {
      try FloatExecutor(network).run(
        images,
        request: PassRequest(
          momentObjectives: margins.objectives(for: network, weight: 1).dropLast())
      ).momentLosses
    }
    #expect(try losses(margins).allSatisfy { $0 < 1e-6 })
    let narrow = try SlackMargins(measuring: network, imageCount: 5, percentile: 0.5, seed: 4)
    #expect(try losses(narrow).allSatisfy { $0 > 1e-6 })
    for (narrow, wide) in zip(narrow.layers, margins.layers) {
      #expect(narrow.mean < wide.mean && narrow.deviation < wide.deviation)
    }
    #expect(throws: SynthesisError.self) {
      try SlackMargins(measuring: network, percentile: 1.5, seed: 1)
    }
    #expect(throws: SynthesisError.self) {
      try SlackMargins(layers: []).objectives(for: network, weight: 1)
    }
  }

  /// Shares in the place of 1 over the number of layers.
  @Test func layerShares() throws {
    let network = try tinyNetwork()
    let layers = network.graph.batchNorms.count
    let shares = (0..<layers).map { Float($0) }
    let found = try network.batchNormStatistics(weight: 2, shares: shares)
    #expect(found.map(\.weight) == shares.map { 2 * $0 })
    #expect(
      try network.batchNormStatistics(weight: 2).allSatisfy { $0.weight == 2 / Float(layers) })
    #expect(throws: NetworkError.self) { try network.batchNormStatistics(shares: [1]) }
  }
}

/// IntraQ's losses at logits and features.
@Suite struct IntraClassObjectiveTests {
  /// The softmax of (log 3, 0) is (3/4, 1/4).
  ///
  /// Against 1/2 the loss is 1/16, and its derivative at the first logit 2 * 1/4 * 3/4 * 1/4.
  @Test func softInceptionByHand() {
    let objective = SoftInception(classes: [0, 1], probabilities: [0.5, 1], node: 0)
    let first = evaluated(objective, [log(3), 0])
    #expect(abs(first.loss - 0.0625) < 1e-7)
    #expect(largestDifference(first.gradient, [0.09375, -0.09375]) < 1e-7)
    // Class 1 has 1/4 in the place of 1: 9/16, and 2 * -3/4 * 1/4 * 3/4 at its logit.
    let second = evaluated(objective, [log(3), 0], image: 1, scale: 2)
    #expect(abs(second.loss - 0.5625) < 1e-7)
    #expect(largestDifference(second.gradient, [0.5625, -0.5625]) < 1e-6)
  }

  @Test func softInceptionDifferences() {
    for label in 0..<5 {
      var stream = RandomStream(seed: 5, label)
      let logits = stream.normals(5)
      let objective = SoftInception(classes: [label], probabilities: [0.6], node: 0)
      checkGradient(at: logits, evaluated(objective, logits).gradient) {
        evaluated(objective, $0).loss
      }
    }
  }

  @Test func softInceptionChecks() throws {
    let objective = SoftInception(classes: [0, 3], probabilities: [1, 1], node: 0)
    try objective.check(batch: 2, shape: [4])
    #expect(throws: NetworkError.self) { try objective.check(batch: 1, shape: [4]) }
    #expect(throws: NetworkError.self) { try objective.check(batch: 2, shape: [3]) }
    #expect(throws: NetworkError.self) {
      try SoftInception(classes: [0], probabilities: [], node: 0).check(batch: 1, shape: [2])
    }
  }

  /// (3, 4) against (2, 0): the cosine is 0.6 and the distance 0.4.
  ///
  /// One of two images has a centre, so that it counts twice.
  @Test func marginalDistanceByHand() {
    func objective(_ lower: Float, _ upper: Float) -> MarginalDistance {
      MarginalDistance(centres: [nil, [2, 0]], lower: lower, upper: upper, node: 0)
    }
    let near = evaluated(objective(0.5, 1), [3, 4], image: 1)
    #expect(abs(near.loss - 0.2) < 1e-6)
    // 2 ((1, 0) - 0.6 (0.6, 0.8)) / 5.
    #expect(largestDifference(near.gradient, [0.256, -0.192]) < 1e-6)
    let far = evaluated(objective(0, 0.3), [3, 4], image: 1)
    #expect(abs(far.loss - 0.2) < 1e-6)
    #expect(largestDifference(far.gradient, [-0.256, 0.192]) < 1e-6)
    let within = evaluated(objective(0.3, 0.5), [3, 4], image: 1)
    #expect(within.loss == 0 && within.gradient == [0, 0])
    let none = evaluated(objective(0.5, 1), [3, 4], image: 0)
    #expect(none.loss == 0 && none.gradient == [0, 0])
  }

  @Test(arguments: [(1.9, 2.0), (0.0, 0.1)] as [(Float, Float)])
  func marginalDistanceDifferences(margins: (Float, Float)) {
    var stream = RandomStream(seed: 8)
    let (features, centre) = (stream.normals(7), stream.normals(7))
    let objective = MarginalDistance(
      centres: [centre], lower: margins.0, upper: margins.1, node: 0)
    #expect(evaluated(objective, features).loss > 0)
    checkGradient(at: features, evaluated(objective, features).gradient) {
      evaluated(objective, $0).loss
    }
  }

  @Test func marginalDistanceChecks() throws {
    let objective = MarginalDistance(centres: [nil, [1, 2]], lower: 0, upper: 1, node: 0)
    try objective.check(batch: 2, shape: [2])
    #expect(throws: NetworkError.self) { try objective.check(batch: 1, shape: [2]) }
    #expect(throws: NetworkError.self) { try objective.check(batch: 2, shape: [3]) }
  }
}
