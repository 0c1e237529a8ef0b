import DFQTestSupport
import DynaDFQ
import Testing

/// Hardware costs of dynamic students, cascades and depthwise layers.
@Suite struct HardwareOfStudentsTests {
  private func student(
    _ bits: [Int], weightBits: Int = 4, selector: BitSelector? = nil
  ) throws -> QuantizedNetwork {
    try QuantizedNetwork(
      network: .tinyResNet(seed: 4),
      quantizer: Quantizer(weightBits: weightBits, activationBits: bits), selector: selector)
  }

  private func isNear(_ first: Double, _ second: Double) -> Bool {
    abs(first - second) <= 1e-9 * max(abs(second), 1e-12)
  }

  // MARK: Bits

  @Test func moreBitsCostMore() throws {
    for model in [HardwareModel.bitSerial, .bitFusion] {
      let costs = try (2...8).map {
        try student([$0], weightBits: $0).hardwareCost(on: model, batch: 4)
      }
      for (low, high) in zip(costs, costs.dropFirst()) {
        #expect(low.latency <= high.latency && low.bitOPsPerImage < high.bitOPsPerImage)
        #expect(try #require(low.energyPerImage) < #require(high.energyPerImage))
        #expect(low.trafficPerImage.cache < high.trafficPerImage.cache)
      }
    }
  }

  @Test func shares() {
    #expect(BitShares(mean: 4, candidates: [3, 4, 5]).shares == [4: 1])
    let between = BitShares(mean: 3.25, candidates: [5, 3])
    #expect(between.shares == [3: 0.875, 5: 0.125] && between.mean == 3.25)
    #expect(BitShares(mean: 9, candidates: [3, 5]).shares == [5: 1])
    #expect(BitShares(mean: 1, candidates: [3, 5]).shares == [3: 1])
    #expect(BitShares(histogram: [3: 30, 4: 10, 5: 0]).shares == [3: 0.75, 4: 0.25])
  }

  /// BitOPs are those of the student's own model, the selector included.
  @Test func dynamicStudents() throws {
    let dynamic = try student([3, 4, 5], selector: .init(.perLayer))
    for bits in [3, 4, 5] {
      let cost = try dynamic.hardwareCost(
        on: .bitSerial, bits: dynamic.outputs.map { _ in BitShares(bits: bits) })
      #expect(
        isNear(
          cost.bitOPsPerImage, dynamic.bitOPs(activationBits: bits) + dynamic.selectorBitOPs))
      let decisions = cost.layers.filter(\.isSelector)
      #expect(decisions.map(\.name) == dynamic.quantizedOutputs)
      #expect(isNear(decisions.reduce(0) { $0 + $1.bitOPs }, dynamic.selectorBitOPs))
      #expect(decisions.allSatisfy { $0.stallSeconds > 0 && $0.traffic.cacheSelector > 0 })
    }
    // Half of the images at 3 and half at 5 bits are linear in the widths where hardware is.
    let mixed = try dynamic.hardwareCost(
      on: .bitSerial, bits: dynamic.outputs.map { _ in BitShares(histogram: [3: 1, 5: 1]) })
    let four = try dynamic.hardwareCost(
      on: .bitSerial, bits: dynamic.outputs.map { _ in BitShares(bits: 4) })
    #expect(isNear(mixed.total.computeSeconds, four.total.computeSeconds))
    // A group with two widths stalls more often; a single image has one.
    #expect(isNear(mixed.total.stallSeconds, four.total.stallSeconds))
    let batch = try dynamic.hardwareCost(
      on: .bitSerial, batch: 8,
      bits: dynamic.outputs.map { _ in BitShares(histogram: [3: 1, 5: 1]) })
    let even = try dynamic.hardwareCost(
      on: .bitSerial, batch: 8, bits: dynamic.outputs.map { _ in BitShares(bits: 4) })
    #expect(batch.total.stallSeconds > even.total.stallSeconds)
    // Not where 5 bits take the time of 8.
    let units = try [BitShares(histogram: [3: 1, 5: 1]), BitShares(bits: 4)].map { shares in
      try dynamic.hardwareCost(on: .bitFusion, bits: dynamic.outputs.map { _ in shares })
    }
    #expect(units[0].total.computeSeconds > units[1].total.computeSeconds)
  }

  @Test func whatDoesNotFit() throws {
    let dynamic = try student([3, 4, 5])
    #expect(throws: QuantizationError.self) {
      try dynamic.hardwareCost(on: .bitSerial, bits: [BitShares(bits: 4)])
    }
    #expect(throws: QuantizationError.self) {
      try dynamic.hardwareCost(
        on: .bitSerial, bits: dynamic.outputs.map { _ in BitShares(bits: 8) })
    }
    let cascade = try StudentCascade(
      levels: [student([3]), student([5])], thresholds: [1], shares: [0.25])
    for continuing in [[], [1.5], [.nan], [0.1, 0.1]] as [[Double]] {
      #expect(throws: QuantizationError.self) {
        try cascade.hardwareCost(on: .bitSerial, continuing: continuing)
      }
    }
  }

  @Test func nearestStaticStudent() throws {
    let dynamic = try student([3, 4, 5])
    let cost = dynamic.bitOPs(meanActivationBits: 4.3)
    let found = try dynamic.staticStudent(nearestToBitOPs: cost)
    #expect(found.quantizer.activationBits == [4] && found.quantizer.weightBits == 4)
    let both = try dynamic.staticStudent(
      nearestToBitOPs: student([6], weightBits: 6).bitOPs(activationBits: 6), withWeights: true)
    #expect(both.quantizer.activationBits == [6] && both.quantizer.weightBits == 6)
    // Rules that give other bits are no part of a uniform student.
    var mixed = Quantizer(weightBits: 4, activationBits: [4])
    mixed.overrides = [.init("layer1.*", weightBits: 8)]
    let uniform = try QuantizedNetwork(network: .tinyResNet(seed: 4), quantizer: mixed)
      .staticStudent(nearestToBitOPs: student([4]).bitOPs(activationBits: 4))
    #expect(uniform.layers.allSatisfy { $0.weightBits == [4] })
  }

  // MARK: Passes

  /// A chip that no level fits on, so that levels do not change each other's traffic.
  private var small: HardwareModel {
    var model = HardwareModel.bitFusion
    model.cacheBytes = 4096
    return model
  }

  @Test func cascadesAddUp() throws {
    let levels = [try student([3], weightBits: 3), try student([5], weightBits: 5)]
    let cascade = try StudentCascade(levels: levels, thresholds: [1], shares: [0.25])
    let own = try [1, 2, 3].map { batch in
      try levels.map { try $0.hardwareCost(on: small, batch: batch) }
    }
    // One image: a quarter of the second level's cost.
    let one = try cascade.hardwareCost(on: small)
    #expect(isNear(one.latency, own[0][0].latency + 0.25 * own[0][1].latency))
    #expect(isNear(one.longestLatency, own[0][0].latency + own[0][1].latency))
    #expect(
      isNear(
        one.total.traffic.memory,
        own[0][0].total.traffic.memory + 0.25 * own[0][1].total.traffic.memory))
    let energies = try own[0].map { try #require($0.energyPerImage) }
    #expect(isNear(try #require(one.energyPerImage), energies[0] + 0.25 * energies[1]))
    // All or none continue.
    let all = try cascade.hardwareCost(on: small, batch: 3, continuing: [1])
    #expect(isNear(all.latency, own[2][0].latency + own[2][1].latency))
    #expect(isNear(all.latency, all.longestLatency))
    let none = try cascade.hardwareCost(on: small, batch: 3, continuing: [0])
    #expect(isNear(none.latency, own[2][0].latency))
    // Of two images none, one or two.
    let two = try cascade.hardwareCost(on: small, batch: 2)
    #expect(
      isNear(
        two.latency,
        own[1][0].latency + 0.375 * own[0][1].latency + 0.0625 * own[1][1].latency))
    #expect(
      isNear(two.bitOPsPerImage, own[0][0].bitOPsPerImage + 0.25 * own[0][1].bitOPsPerImage))
  }

  /// A second pass shares its weights among the images that take it: per BitOP it reads more than the first.
  @Test func secondPassReadsWeightsAgain() throws {
    let low = try student([4])
    let cascade = try StudentCascade(levels: [low, low], thresholds: [1], shares: [0.25])
    // A level alone stays on the chip, two do not.
    var model = HardwareModel.bitFusion
    model.cacheBytes = 60 * 1024
    let alone = try low.hardwareCost(on: model, batch: 64).isResident
    let cost = try cascade.hardwareCost(on: model, batch: 64)
    let together = cost.isResident
    #expect(alone && !together)
    let weights = (0...1).map { pass in
      cost.layers.filter { $0.pass == pass }.reduce(0) { $0 + $1.traffic.memoryWeights }
    }
    #expect(weights[0] > 0 && weights[1] > 0.25 * weights[0], "\(weights)")
  }

  /// Passes of one student share weights, which count once on the chip and are read in each pass.
  @Test func passesOfOneStudent() throws {
    let dynamic = try student(
      [3, 5], selector: BitSelector(MarginCascade(levels: [3, 5], shares: [0.5])))
    let cost = try dynamic.hardwareCost(on: small)
    let low = dynamic.bitOPs(activationBits: 3)
    let high = dynamic.bitOPs(activationBits: 5)
    #expect(isNear(cost.bitOPsPerImage, low + 0.5 * high))
    let weights = (0...1).map { pass in
      cost.layers.filter { $0.pass == pass }.reduce(0) { $0 + $1.traffic.memoryWeights }
    }
    #expect(weights[0] > 0 && isNear(weights[1], 0.5 * weights[0]))
    let all = try dynamic.hardwareCost(on: small, passShares: [1])
    #expect(isNear(all.bitOPsPerImage, low + high))
    #expect(throws: QuantizationError.self) {
      try dynamic.hardwareCost(on: small, passShares: [])
    }
  }

  // MARK: Where BitOPs mislead

  /// Seconds of a BitOP by kind of layer, on units that join.
  @Test func depthwiseLayersAndClassifiers() throws {
    let network = try Architecture(name: "mobilenetv2").network(seed: 0)
    let student = try QuantizedNetwork(
      network: network, quantizer: Quantizer(weightBits: 4, activationBits: [4]))
    let cost = try student.hardwareCost(on: .bitFusion)
    #expect(isNear(cost.bitOPsPerImage, student.bitOPs(activationBits: 4)))
    let depthwise = Set(
      network.graph.nodes.filter { ($0.layer as? Convolution)?.groups ?? 1 > 1 }.map(\.name))
    let ofDepthwise = cost.layers.filter { depthwise.contains($0.name) }
    let others = cost.layers.filter { !depthwise.contains($0.name) }
    func secondsOfABitOP(_ layers: [LayerCost]) -> Double {
      layers.reduce(0) { $0 + $1.computeSeconds } / layers.reduce(0) { $0 + $1.bitOPs }
    }
    #expect(ofDepthwise.count == 17)
    #expect(secondsOfABitOP(ofDepthwise) > 10 * secondsOfABitOP(others))
    // For a single image the classifier waits for its weights.
    let classifier = try #require(cost.layers.last)
    #expect(classifier.memorySeconds > classifier.computeSeconds)
  }
}
