import DFQTestSupport
import DynaDFQ
import Testing

/// The cost model of hardware: every formula on a network of three layers by hand.
///
/// An image of 4 x 4 x 2, a 3 x 3 convolution to 4 channels, a 1 x 1 convolution to 8, their mean and a
/// linear layer of 3 outputs, with weights of 4 bits.
@Suite struct HardwareTests {
  private func network() throws -> Network {
    var b = GraphBuilder(input: [4, 4, 2])
    var x = try b.add(
      "conv1", .convolution(.init(outputChannels: 4, kernel: 3, padding: 1)), b.input)
    x = try b.add("relu1", .activation(.relu), x)
    x = try b.add("conv2", .convolution(.init(outputChannels: 8, kernel: 1)), x)
    x = try b.add("relu2", .activation(.relu), x)
    x = try b.add("mean", .globalAveragePool, x)
    try b.add("linear", .linear(outputs: 3, bias: true), x)
    return Network.random(b.build())
  }

  private func student(
    _ bits: [Int] = [4], weightBits: Int = 4, selector: BitSelector? = nil
  ) throws -> QuantizedNetwork {
    try QuantizedNetwork(
      network: network(), quantizer: Quantizer(weightBits: weightBits, activationBits: bits),
      selector: selector)
  }

  /// A microsecond is a cycle and a byte of DRAM or four on the chip.
  private func model(
    _ arithmetic: HardwareModel.Arithmetic = .bitSerial,
    lanes: HardwareModel.Lanes = .init(products: 8, outputs: 4, positions: 2),
    cacheBytes: Int = 343, packs: Bool = true
  ) -> HardwareModel {
    HardwareModel(
      name: "by hand", arithmetic: arithmetic, lanes: lanes, frequency: 1e6,
      memoryBandwidth: 1e6, cacheBandwidth: 4e6, cacheBytes: cacheBytes, stall: 10e-6,
      packs: packs, energy: .init(bitProduct: 1e-12, cacheByte: 1e-9, memoryByte: 1e-8))
  }

  private func isNear(_ first: Double?, _ second: Double) -> Bool {
    first.map { abs($0 - second) <= 1e-9 * max(abs(second), 1e-6) } ?? false
  }

  // MARK: One image by hand

  @Test func traffic() throws {
    let cost = try student().hardwareCost(on: model())
    // Weights at 4 bits and 8 bytes of scale and offset an output: 36 + 32, 16 + 64, 12 + 24.
    #expect(cost.layers.map(\.traffic.memoryWeights) == [68, 80, 36])
    #expect(cost.layers.map(\.traffic.cacheWeights) == [68, 80, 36])
    // The image of 32 numbers in float32, three logits.
    #expect(cost.layers.map(\.traffic.memoryActivations) == [128, 0, 12])
    // The image and 64 values of 4 bits; those, 128 of 4 bits twice, and 8 means in float32; means and
    // logits.
    let onChip: [Double] = [128 + 32, 32 + 64 + 64 + 32, 32 + 12]
    #expect(cost.layers.map(\.traffic.cacheActivations) == onChip)
    #expect(cost.trafficPerImage.memory == 324 && !cost.isResident)
  }

  @Test func latencyAndEnergy() throws {
    let cost = try student().hardwareCost(on: model())
    // 8 pairs of positions, 3 parts of 18 products, 4 x 32 bits; 8 pairs, 2 fours of outputs, 4 x 4 bits;
    // 4 x 32 bits.
    let cycles = [3072.0, 256, 128]
    for (layer, expected) in zip(cost.layers, cycles) {
      #expect(isNear(layer.computeSeconds, expected * 1e-6), "\(layer.name)")
      #expect(isNear(layer.stallSeconds, 10e-6))
    }
    // 68 + 128 bytes of DRAM; 80 of DRAM against (80 + 192) / 4; 36 + 12.
    for (layer, expected) in zip(cost.layers, [196.0, 80, 48]) {
      #expect(isNear(layer.memorySeconds, expected * 1e-6), "\(layer.name)")
    }
    #expect(isNear(cost.latency, (3072 + 256 + 128 + 30) * 1e-6))
    let bitOPs = 1152.0 * 128 + 512 * 16 + 24 * 128
    #expect(cost.bitOPsPerImage == bitOPs)
    #expect(try bitOPs == student().bitOPs(activationBits: 4))
    #expect(isNear(cost.total.computeEnergy, bitOPs * 1e-12))
    #expect(isNear(cost.total.cacheEnergy, (184 + 396) * 1e-9))
    #expect(isNear(cost.total.memoryEnergy, 324e-8))
    #expect(isNear(cost.energyPerImage, bitOPs * 1e-12 + 580e-9 + 324e-8))
    // 64 lanes of a bit.
    #expect(isNear(cost.utilization, bitOPs / (3456 * 64)))
  }

  /// A slow DRAM decides instead of arithmetic.
  @Test func theLongerOfBoth() throws {
    var slow = model()
    slow.memoryBandwidth = 1e4
    let layer = try #require(try student().hardwareCost(on: slow).layers.first)
    #expect(isNear(layer.seconds, 196e-4 + 10e-6))
  }

  @Test func unitsThatJoin() throws {
    let units = model(
      .units(widths: [2, 4, 8]), lanes: .init(products: 2, outputs: 4, positions: 1))
    func cycles(_ bits: Int, weightBits: Int) throws -> [Double] {
      try student([bits], weightBits: weightBits).hardwareCost(on: units).layers.map {
        ($0.computeSeconds * 1e6).rounded()
      }
    }
    // 16 positions, 9 pairs of products, 4 x 32 bits are half a product a cycle; 2 fours of outputs at four
    // products a unit; 4 pairs of 8 products, half a product a cycle.
    #expect(try cycles(4, weightBits: 4) == [288, 32, 8])
    // 3 bits take as long as 4; 5 as long as 8, at which a unit has one product a cycle.
    #expect(try cycles(3, weightBits: 3) == [288, 32, 8])
    #expect(try cycles(5, weightBits: 5)[1] == 64)
    #expect(try cycles(8, weightBits: 8)[1] == 64)
    let cost = try student([3], weightBits: 3).hardwareCost(on: units)
    #expect(cost.layers[1].bitProducts == 512 * 16 && cost.layers[1].bitOPs == 512 * 9)
  }

  @Test func bytesDoNotGetFasterWithFewerBits() throws {
    let bytes = model(
      .bytes(floatCost: 4), lanes: .init(products: 4, outputs: 16, positions: 2), packs: false)
    let costs = try [2, 3, 5, 8].map {
      try student([$0], weightBits: $0).hardwareCost(on: bytes)
    }
    // In float32: 1152 x 4 / 128 cycles; in bytes: 8 pairs of positions; in float32: 24 x 4 / 128.
    #expect(
      costs[0].layers.map { $0.computeSeconds * 1e6 }.elementsEqual([36, 8, 0.75]) {
        abs($0 - $1) < 1e-9
      })
    // 72 and 32 and 24 bytes of weights, 8 for each output.
    let weights: [Double] = [72 + 32, 32 + 64, 24 + 24]
    #expect(costs[0].layers.map(\.traffic.memoryWeights) == weights)
    for cost in costs {
      #expect(cost.latency == costs[0].latency && cost.trafficPerImage == costs[0].trafficPerImage)
      #expect(cost.utilization <= 1)
    }
    let package = try [2, 8].map {
      try student([$0], weightBits: $0).hardwareCost(on: .zen4Bytes)
    }
    #expect(package[0].latency == package[1].latency && package[0].energyPerImage == nil)
  }

  // MARK: Decisions by hand

  /// A decision at each of the two maps, of 4 and of 8 channels: deviations over all 16 positions, a linear
  /// head of three candidates.
  @Test func decisions() throws {
    let dynamic = try student([3, 4, 5], selector: BitSelector(.perLayer))
    let layers = try dynamic.hardwareCost(on: model()).layers
    let decisions = layers.filter(\.isSelector)
    // Maps of 16 positions wait in float32: written, and read once the width is known.
    #expect(layers[0].traffic.cacheSelector == 2 * 4 * 64)
    #expect(layers[2].traffic.cacheSelector == 2 * 4 * 128)
    #expect(decisions.map(\.name) == ["relu1", "relu2"])
    for (decision, channels) in zip(decisions, [4.0, 8]) {
      // Sums and squares; scores.
      let (features, scores) = (2 * 16 * channels, 3 * channels)
      #expect(decision.macs == features + scores)
      #expect(decision.bitOPs == 64 * features + 1024 * scores)
      #expect(isNear(decision.computeSeconds, decision.bitOPs / 64 * 1e-6))
      // Weights, biases, means and inverse deviations of the features in float32.
      let parameters = 4 * (scores + 3 + 2 * channels)
      #expect(decision.traffic.memorySelector == parameters)
      // Those and a byte of each sample.
      #expect(decision.traffic.cacheSelector == parameters + 16 * channels)
      #expect(isNear(decision.stallSeconds, 10e-6))
    }
  }

  /// Of two images that have 3 or 5 bits each, three quarters of the pairs read the weights of 3 bits and
  /// as many those of 5.
  @Test func weightsThatFollow() throws {
    var quantizer = Quantizer(weightBits: 4, activationBits: [3, 5])
    quantizer.weightsFollowActivations = true
    let student = try QuantizedNetwork(
      network: network(), quantizer: quantizer, selector: BitSelector(.perLayer))
    let shares = student.outputs.map { _ in BitShares(histogram: [3: 1, 5: 1]) }
    let cost = try student.hardwareCost(on: model(cacheBytes: 4000), batch: 2, bits: shares)
    let layer = try #require(cost.layers.first { $0.name == "conv2" })
    // 32 weights of 3 bits are 12 bytes, of 5 bits 20, with 64 of scales and offsets.
    #expect(isNear(layer.traffic.cacheWeights, 0.75 * (76 + 84)))
    // 512 products of 3 x 3 or 5 x 5 bits.
    #expect(isNear(layer.bitOPs, 2 * 512 * 17))
    #expect(isNear(layer.stallSeconds, 1.5 * 10e-6))
  }

  // MARK: Batches and memory on the chip

  /// Weights of 184 bytes and at most 160 of values (image and first map).
  @Test func weightsStayWhereAllFits() throws {
    let fits = try student().hardwareCost(on: model(cacheBytes: 344))
    #expect(fits.isResident && fits.total.traffic.memoryWeights == 0)
    #expect(fits.total.traffic.cacheWeights == 184)
    #expect(try !student().hardwareCost(on: model(cacheBytes: 343)).isResident)
  }

  /// Two images do not fit beside the first weights, as 2 x 160 > 343 - 68.
  ///
  /// Reading the weights twice costs
  /// 184 bytes of DRAM, sending the first layer's values through it 320.
  @Test func weightsAreReadAgainForEachGroup() throws {
    let cost = try student().hardwareCost(on: model(), batch: 2)
    #expect(cost.total.traffic.memoryWeights == 368)
    #expect(cost.total.traffic.memoryActivations == 280)
    #expect(isNear(cost.total.stallSeconds, 60e-6))
    // A batch takes as long as its images where arithmetic decides.
    #expect(try isNear(cost.latency, 2 * student().hardwareCost(on: model()).latency))
  }

  /// No image fits: the first layer's values go through DRAM.
  @Test func valuesGoThroughMemoryWhereNothingFits() throws {
    let cost = try student().hardwareCost(on: model(cacheBytes: 220))
    let memory: [Double] = [128 + 160, 0, 12]
    #expect(cost.layers.map(\.traffic.memoryActivations) == memory)
  }

  /// Images that fit beside the weights share their reading.
  @Test func batchesShareWeights() throws {
    let network = try Architecture(name: "resnet20-cifar").network(seed: 0)
    let student = try QuantizedNetwork(
      network: network, quantizer: Quantizer(weightBits: 4, activationBits: [4]))
    let costs = try [1, 4, 64].map { try student.hardwareCost(on: .bitFusion, batch: $0) }
    let traffic = costs.map(\.trafficPerImage.memoryWeights)
    #expect(traffic[0] > 2 * traffic[1] && traffic[1] >= traffic[2], "\(traffic)")
    #expect(costs.allSatisfy { $0.bitOPsPerImage == costs[0].bitOPsPerImage })
    #expect(costs[0].secondsPerImage > costs[2].secondsPerImage)
  }

  /// Maps that wait for a decision take room of one image, however many there are in a group.
  @Test func waitingTakesRoom() throws {
    let dynamic = try student([3, 4, 5], selector: BitSelector(.perLayer))
    // Weights of 184 bytes, parameters of 92 and 172, and the second map: 128 values that wait in 512 bytes
    // beside 128 bytes of an image; with a second image of 128 bytes.
    for (cacheBytes, isResident, sweeps) in [(1087, false, 1.0), (1088, true, 2), (1216, true, 1)] {
      let cost = try dynamic.hardwareCost(on: model(cacheBytes: cacheBytes), batch: 2)
      #expect(cost.isResident == isResident, "\(cacheBytes)")
      #expect(cost.total.traffic.cacheWeights == sweeps * 184, "\(cacheBytes)")
    }
  }

  @Test func binomial() {
    let found = NetworkCost.binomial(3, share: 0.25)
    for (place, expected) in [27.0 / 64, 27.0 / 64, 9.0 / 64, 1.0 / 64].enumerated() {
      #expect(abs(found[place].probability - expected) < 1e-12)
    }
    let many = NetworkCost.binomial(4096, share: 0.3)
    #expect(abs(many.reduce(0) { $0 + $1.probability } - 1) < 1e-6)
    #expect(abs(many.reduce(0) { $0 + $1.probability * Double($1.images) } - 1228.8) < 1e-2)
    #expect(NetworkCost.binomial(5, share: 1).map(\.images) == [5])
    #expect(NetworkCost.binomial(5, share: 0).map(\.images) == [0])
  }
}
