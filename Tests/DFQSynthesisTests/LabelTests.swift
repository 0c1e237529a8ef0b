import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

@Suite struct SoftLabelTests {
  private func labels(
    _ strategy: some LabelStrategy, count: Int = 40, seed: UInt64 = 1
  ) throws -> LabelBatch {
    var stream = RandomStream(seed: seed, "labels")
    return try strategy.labels(count: count, network: try tinyNetwork(), stream: &stream)
  }

  @Test(arguments: SoftLabels.Group.allCases)
  func massStaysOnSupport(group: SoftLabels.Group) throws {
    let batch = try labels(SoftLabels(group: group))
    let size = group == .all ? 4 : 3
    for image in 0..<40 {
      let row = batch.labels.row(image).elements
      let support = batch.supports[image]
      #expect(abs(row.reduce(0, +) - 1) < 1e-5)
      #expect(support[0] == batch.anchors[image])
      #expect(Set(support).count == support.count)
      #expect(support.count == (batch.isEasy[image] ? 1 : size))
      for k in 0..<4 where !support.contains(k) { #expect(row[k] == 0) }
      if batch.isEasy[image] { #expect(row[support[0]] == 1) }
    }
    #expect(batch.isEasy.filter { $0 }.count == 20)
    for k in 0..<4 { #expect(batch.anchors.filter { $0 == k }.count == 10) }
  }

  @Test func groupsFollowSimilarity() throws {
    let network = try tinyNetwork()
    let similarity = try ClassSimilarity(network)
    let near = try labels(SoftLabels(groupSize: 2, easyShare: 0))
    let far = try labels(SoftLabels(group: .leastSimilar, groupSize: 2, easyShare: 0))
    for image in 0..<40 {
      #expect(near.supports[image][1] == similarity.nearest(to: near.anchors[image])[0])
      #expect(far.supports[image][1] == similarity.nearest(to: far.anchors[image])[2])
    }
    // Half of the two partners is the most similar class.
    let mixed = try labels(SoftLabels(group: .mixed, groupSize: 3, easyShare: 0))
    for image in 0..<40 {
      #expect(mixed.supports[image][1] == similarity.nearest(to: mixed.anchors[image])[0])
    }
    #expect(Set(mixed.supports.map { $0[2] }).count > 1)
  }

  @Test func groupSizeIsClamped() throws {
    let batch = try labels(SoftLabels(groupSize: 99, easyShare: 0))
    #expect(batch.supports.allSatisfy { $0.count == 4 })
    let alone = try labels(SoftLabels(groupSize: 1, easyShare: 0))
    #expect(alone.supports.allSatisfy { $0.count == 1 })
  }

  @Test func temperatureSpreadsEntropy() throws {
    func mean(_ temperatures: ClosedRange<Float>) throws -> Double {
      let batch = try labels(
        SoftLabels(temperatures: temperatures, easyShare: 0), count: 200)
      return (0..<200).reduce(0) { $0 + entropy(of: batch.labels.row($1).elements) } / 200
    }
    let (cold, warm) = (try mean(0.1...0.1), try mean(3...3))
    #expect(cold < 0.3 && warm > 0.9, "\(cold) \(warm)")
  }

  @Test func oneHot() throws {
    let batch = try labels(OneHotLabels(), count: 8)
    #expect(batch.labels.argmaxOfRows() == batch.anchors)
    #expect(batch.labels.elements.reduce(0, +) == 8)
    #expect(batch.isEasy.allSatisfy { $0 })
  }

  @Test func sameStreamSameLabels() throws {
    #expect(try labels(SoftLabels()).labels == labels(SoftLabels()).labels)
    #expect(try labels(SoftLabels()).labels != labels(SoftLabels(), seed: 2).labels)
    #expect(try labels(RefinedLabels()).labels == labels(RefinedLabels()).labels)
  }

  @Test func badSettings() {
    for bad in [
      SoftLabels(groupSize: 0), SoftLabels(temperatures: 0...1), SoftLabels(easyShare: 1.5),
      SoftLabels(easyShare: .nan),
    ] {
      #expect(throws: SynthesisError.self) { try labels(bad) }
    }
    for bad in [
      RefinedLabels(entropyWeight: -1), RefinedLabels(entropyDeviation: 0),
      RefinedLabels(learningRate: .nan), RefinedLabels(centroidConfidence: 1),
    ] {
      #expect(throws: SynthesisError.self) { try labels(bad) }
    }
  }
}

@Suite struct RefinedLabelTests {
  private func refinement(
    _ settings: RefinedLabels, count: Int = 6, network: Network? = nil
  ) throws -> LabelRefinement {
    var stream = RandomStream(seed: 3, "labels")
    return try LabelRefinement(
      settings, count: count, network: network ?? tinyNetwork(), stream: &stream)
  }

  /// Unit vectors: W W^T = 1, so a class has e^s / (e^s + C - 1) at its centroid, and 0.95 asks for
  /// s = log(57) with 4 classes.
  @Test func centroidScaleByHand() throws {
    let network = try classifier(
      (0..<4).map { k in (0..<4).map { $0 == k ? 1 : 0 } })
    let smoothing = try ClassifierSmoothing(network, confidence: 0.95)
    #expect(abs(smoothing.scale - 4.0430512678) < 1e-6)
  }

  @Test func centroidsOfPublicNetwork() throws {
    let smoothing = try ClassifierSmoothing(Goldens.resNet20(), confidence: 0.95)
    let mean = (0..<10).reduce(0.0) { sum, k in
      sum + exp(smoothing.logLabel((0..<10).map { $0 == k ? 1 : 0 })[k]) / 10
    }
    #expect(abs(mean - 0.95) < 1e-9)
  }

  @Test func centroidsThatCannotBeTold() throws {
    let network = try classifier([[1, 0], [1, 0], [0, 1]])
    #expect(throws: SynthesisError.self) {
      try ClassifierSmoothing(network, confidence: 0.95)
    }
  }

  @Test func startsAtEntropyTargets() throws {
    let vectors = (0..<4).map { k in (0..<4).map { Float($0 == k ? 1 : 0) } }
    let labels = try refinement(
      .init(entropyDeviation: 0.6), count: 64, network: try classifier(vectors))
    let entropies = (0..<64).map { entropy(of: labels.labels.row($0).elements) }
    // With equal classes a label cannot be surer than a centroid nor quite uniform.
    let floor = entropies.min()!
    var met = 0
    for (found, target) in zip(entropies, labels.targets)
    where target > floor + 0.01 && target < 1.37 {
      #expect(abs(found - target) < 1e-3)
      met += 1
    }
    #expect(met > 20)
    #expect(labels.targets.allSatisfy { $0 >= 0 && $0 <= 1.3863 })
  }

  @Test(arguments: RefinedLabels.Mode.allCases, RefinedLabels.EntropyLoss.allCases)
  func gradientByFiniteDifferences(
    mode: RefinedLabels.Mode, loss: RefinedLabels.EntropyLoss
  ) throws {
    var labels = try refinement(
      .init(
        mode: mode, entropyLoss: loss, entropyWeight: 0.7, entropyDeviation: 0.5,
        centroidConfidence: 0.8))
    var stream = RandomStream(seed: 4, "directions")
    // Away from the start, where entropies already meet their targets in mode `plain`.
    labels.parameters = labels.parameters.map { $0 + 0.3 * stream.normal() }
    let negativeLog = (0..<24).map { _ in 0.5 + 3 * Double(stream.uniform()) }
    func total(_ parameters: [Float]) -> Double {
      var moved = labels
      moved.parameters = parameters
      let entropyLoss = moved.lossAndGradient().entropyLoss
      // Labels are Float32; the loss is taken in double from them.
      let crossEntropy = zip(moved.labels.elements, negativeLog).reduce(0) {
        $0 + Double($1.0) * $1.1
      }
      return 0.7 * entropyLoss + crossEntropy / 6
    }
    let gradient = labels.lossAndGradient(labelGradient: negativeLog.map { $0 / 6 }).gradient
    #expect(gradient.contains { abs($0) > 1e-4 })
    for _ in 0..<5 {
      let direction = stream.normals(gradient.count)
      let expected = directionalDerivative(
        at: labels.parameters, along: direction, step: 1e-3, total)
      let found = dot(gradient, direction)
      #expect(abs(found - expected) < 2e-3 * max(abs(expected), 0.05), "\(found) \(expected)")
    }
  }

  @Test func entropyLossesByHand() throws {
    func losses(_ loss: RefinedLabels.EntropyLoss) throws -> (found: Double, expected: Double) {
      var labels = try refinement(.init(entropyLoss: loss, entropyDeviation: 0.6), count: 8)
      // Another image's temperature: entropies and draws are in different orders.
      labels.parameters.reverse()
      let entropies = (0..<8).map { entropy(of: labels.labels.row($0).elements) }
      let pairs =
        loss == .sorted
        ? zip(entropies.sorted(), labels.targets.sorted()) : zip(entropies, labels.targets)
      let expected = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / 8 }
      return (labels.lossAndGradient().entropyLoss, expected)
    }
    let (sorted, plain) = (try losses(.sorted), try losses(.plain))
    #expect(abs(sorted.found - sorted.expected) < 1e-5)
    #expect(abs(plain.found - plain.expected) < 1e-5)
    #expect(sorted.found < plain.found - 0.01)
  }

  @Test(arguments: RefinedLabels.Mode.allCases)
  func entropyLossFalls(mode: RefinedLabels.Mode) throws {
    var labels = try refinement(.init(mode: mode), count: 16)
    var stream = RandomStream(seed: 8, "start")
    labels.parameters = labels.parameters.map { $0 + 0.5 * stream.normal() }
    let before = labels.lossAndGradient().entropyLoss
    var adam = Adam(count: labels.parameters.count)
    for _ in 0..<200 {
      try adam.step(&labels.parameters, gradient: labels.lossAndGradient().gradient, rate: 0.02)
    }
    let after = labels.lossAndGradient().entropyLoss
    #expect(after < before * 0.7, "\(before) \(after)")
  }

  @Test func supportsHoldTheAnchor() throws {
    let batch = try refinement(.init(), count: 32).labelBatch
    #expect(batch.labels.argmaxOfRows() == batch.anchors)
    #expect(batch.supports.contains { $0.count > 1 })
    for image in 0..<32 {
      #expect(batch.supports[image][0] == batch.anchors[image])
      for k in batch.supports[image].dropFirst() {
        #expect(batch.labels[image * 4 + k] >= 0.25)
      }
    }
  }
}
