import DFQQuantization
import DFQTestSupport
import DynaDFQ
import Testing

/// Static mixed precision: sensitivities, the knapsack and its rules in a network.
@Suite struct AllocationTests {
  private typealias Option = AllocationProblem.Option

  /// Two groups and a budget of 10: the first option of one and the dearest of the other.
  @Test func workedByHand() throws {
    let groups = [
      [Option(cost: 2, loss: 5, bits: [2]), Option(cost: 6, loss: 1, bits: [4])],
      [
        Option(cost: 1, loss: 4, bits: [2]), Option(cost: 4, loss: 3, bits: [3]),
        Option(cost: 8, loss: 0.5, bits: [4]),
      ],
    ]
    // 6 + 4 costs 10 and loses 4; 2 + 8 costs 10 and loses 5.5; 6 + 1 loses 5.
    #expect(try AllocationProblem(groups: groups, budget: 10).solution() == [1, 1])
    #expect(try AllocationProblem(groups: groups, budget: 14).solution() == [1, 2])
    #expect(try AllocationProblem(groups: groups, budget: 3).solution() == [0, 0])
    #expect(
      throws: QuantizationError.budgetUnreachable(budget: 2.5, cheapest: 3, unit: "BitOPs")
    ) { try AllocationProblem(groups: groups, budget: 2.5).solution() }
  }

  @Test func undominated() {
    let options = [
      Option(cost: 3, loss: 1, bits: [3]), Option(cost: 1, loss: 2, bits: [1]),
      Option(cost: 2, loss: 2, bits: [2]), Option(cost: 3, loss: 0.5, bits: [4]),
    ]
    #expect(AllocationProblem.undominated(options).map(\.bits) == [[1], [4]])
  }

  /// Against all combinations.
  ///
  /// With whole costs below the number of parts, rounding changes nothing.
  @Test func bruteForce() throws {
    for seed: UInt64 in 0..<20 {
      var stream = RandomStream(seed: seed)
      let groups = (0..<5).map { _ in
        (0..<4).map { _ in
          Option(
            cost: Double(1 + stream.integer(below: 30)), loss: Double(stream.uniform()), bits: [])
        }
      }
      let cheapest = groups.map { $0.map(\.cost).min()! }.reduce(0, +)
      let budget = cheapest + Double(stream.integer(below: 60))
      let found = try AllocationProblem(groups: groups, budget: budget).solution()
      func sum(_ choice: [Int], _ value: (Option) -> Double) -> Double {
        zip(groups, choice).reduce(0) { $0 + value($1.0[$1.1]) }
      }
      #expect(sum(found) { $0.cost } <= budget)
      var best = Double.infinity
      for code in 0..<1024 {
        let choice = (0..<5).map { (code >> (2 * $0)) & 3 }
        if sum(choice, { $0.cost }) <= budget { best = min(best, sum(choice) { $0.loss }) }
      }
      #expect(abs(sum(found) { $0.loss } - best) < 1e-12, "seed \(seed)")
    }
  }

  /// Costs without a common unit are rounded up: never above the budget, and as good as a budget that is
  /// smaller by a part for each group.
  @Test func bruteForceWithoutAUnit() throws {
    for seed: UInt64 in 0..<40 {
      var stream = RandomStream(seed: seed)
      let groups = (0..<4).map { _ in
        (0..<4).map { _ in
          Option(
            cost: Double(stream.uniform()) + 0.1, loss: Double(stream.uniform()), bits: [])
        }
      }
      let cheapest = groups.map { $0.map(\.cost).min()! }.reduce(0, +)
      let budget = cheapest + 2 * Double(stream.uniform())
      let found = try AllocationProblem(groups: groups, budget: budget, parts: 400).solution()
      func sum(_ choice: [Int], _ value: (Option) -> Double) -> Double {
        zip(groups, choice).reduce(0) { $0 + value($1.0[$1.1]) }
      }
      #expect(sum(found) { $0.cost } <= budget + 1e-12)
      var best = Double.infinity
      for code in 0..<256 {
        let choice = (0..<4).map { (code >> (2 * $0)) & 3 }
        if sum(choice, { $0.cost }) <= budget - 4 * (budget - cheapest) / 400 {
          best = min(best, sum(choice) { $0.loss })
        }
      }
      #expect(sum(found) { $0.loss } <= best + 1e-12, "seed \(seed)")
    }
  }

  private func sensitivity(
    _ network: Network, _ quantizer: Quantizer, threads: Int = 2
  ) throws -> BitSensitivity {
    try BitSensitivity(
      measuring: network, quantizer: quantizer,
      inputs: SyntheticImages.random(24).images, weightBits: [2, 4, 6], activationBits: [2, 4, 6],
      context: .init(threads: threads))
  }

  /// More bits lose less, whatever the number of threads.
  @Test func sensitivities() throws {
    let network = try Network.tinyResNet()
    let found = try sensitivity(network, Quantizer(weightBits: 3, activationBits: [3]))
    #expect(
      found == (try sensitivity(network, Quantizer(weightBits: 3, activationBits: [3]), threads: 1))
    )
    #expect(found.weights.count == network.graph.weighted.count)
    for entry in found.weights + found.activations {
      #expect(entry.losses.allSatisfy { $0 >= 0 } && entry.losses[0] > entry.losses[2], "\(entry)")
    }
  }

  /// The student has exactly the chosen bits and cost, and rules of one's own stay in force.
  @Test func inANetwork() throws {
    let network = try Network.tinyResNet()
    var quantizer = Quantizer(weightBits: 3, activationBits: [3])
    let first = network.graph.nodes[network.graph.weighted[0]].name
    for overrides in [[], [Quantizer.Override(first, weightBits: 8)]] {
      quantizer.overrides = overrides
      let sensitivity = try sensitivity(network, quantizer)
      let uniform = try QuantizedNetwork(network: network, quantizer: quantizer)
      var last = Double.infinity
      for share in [0.8, 1.0, 1.5] {
        let budget = share * uniform.dearestBitOPs
        let allocation = try BitAllocation(
          sensitivity, network: network, quantizer: quantizer, budget: budget)
        let student = try QuantizedNetwork(
          network: network, quantizer: quantizer.allocated(allocation))
        #expect(!student.isDynamic)
        #expect(abs(student.dearestBitOPs - allocation.bitOPs) < 1e-6 * budget)
        #expect(allocation.bitOPs <= budget * (1 + 1e-9))
        #expect(allocation.loss <= last)
        last = allocation.loss
        let bits = Dictionary(
          uniqueKeysWithValues: allocation.activations.map { ($0.name, [$0.bits]) })
        for output in student.outputs { #expect(bits[output.name] == output.bits) }
        for layer in student.placement.layers {
          let name = network.graph.nodes[layer.node].name
          let chosen = allocation.weights.first { $0.name == name }?.bits
          #expect(layer.bits == chosen ?? 8)
          #expect((chosen == nil) == (name == first && !overrides.isEmpty))
        }
      }
      let cheapest = try BitAllocation.cheapestBitOPs(
        network: network, quantizer: quantizer, weightBits: [2, 4, 6], activationBits: [2, 4, 6])
      #expect(
        throws: QuantizationError.budgetUnreachable(budget: 1, cheapest: cheapest, unit: "BitOPs")
      ) {
        try BitAllocation(sensitivity, network: network, quantizer: quantizer, budget: 1)
      }
    }
  }

  /// Networks of all kinds of blocks, with made-up losses: exactly the chosen bits, at the stated cost.
  @Test(arguments: [
    Architecture(
      .cifarResNet(depth: 20, projection: false), imageShape: [32, 32, 3], classCount: 10),
    Architecture(
      .cifarResNet(depth: 20, projection: true), imageShape: [32, 32, 3], classCount: 10),
    Architecture(.mobileNetV2, imageShape: [32, 32, 3], classCount: 10),
    Architecture(.efficientNetLite0, imageShape: [32, 32, 3], classCount: 10),
  ])
  func architectures(architecture: Architecture) throws {
    let network = try architecture.network(seed: 1)
    let bits = [2, 3, 4, 5, 6]
    for isFull in [false, true] {
      let quantizer = Quantizer(weightBits: 3, activationBits: [3], fullyQuantized: isFull)
      var sensitivity = try BitSensitivity(
        unmeasured: network, quantizer: quantizer, weightBits: bits, activationBits: bits)
      var stream = RandomStream(seed: 3)
      func made(_ entries: [BitSensitivity.Entry]) -> [BitSensitivity.Entry] {
        entries.map { entry in
          let scale = Double(stream.uniform())
          return .init(
            name: entry.name, bits: bits,
            losses: bits.map { scale / Double(1 << (2 * $0)) })
        }
      }
      sensitivity.weights = made(sensitivity.weights)
      sensitivity.activations = made(sensitivity.activations)
      let uniform = try QuantizedNetwork(network: network, quantizer: quantizer)
      let budget = uniform.dearestBitOPs
      let allocation = try BitAllocation(
        sensitivity, network: network, quantizer: quantizer, budget: budget)
      let student = try QuantizedNetwork(
        network: network, quantizer: quantizer.allocated(allocation))
      #expect(allocation.bitOPs <= budget && allocation.bitOPs > 0.97 * budget)
      #expect(student.dearestBitOPs == allocation.bitOPs)
      var chosen = Dictionary(
        uniqueKeysWithValues: allocation.weights.map { ($0.name, $0.bits) })
      for layer in student.layers { #expect(layer.weightBits == [chosen[layer.name]!]) }
      chosen = Dictionary(
        uniqueKeysWithValues: allocation.activations.map { ($0.name, $0.bits) })
      for (output, before) in zip(student.outputs, uniform.outputs) {
        // The image and the classifier's input keep the 8 bits of a fully quantized network.
        #expect(output.bits == chosen[output.name].map { [$0] } ?? before.bits)
        #expect((chosen[output.name] == nil) == (before.bits == [8]))
      }
      let uniformLoss = (sensitivity.weights + sensitivity.activations).reduce(0) {
        $0 + $1.losses[1]
      }
      #expect(allocation.loss < uniformLoss)
    }
  }

  /// What has 8 bits in a fully quantized network is not measured, and what the budget is at least is
  /// known before any image.
  @Test func fullyQuantizedAndCheapest() throws {
    let network = try Network.tinyResNet()
    let quantizer = Quantizer(weightBits: 3, activationBits: [3], fullyQuantized: true)
    let found = try sensitivity(network, quantizer)
    #expect(!found.activations.contains { $0.name == "input" })
    let cheapest = try BitAllocation.cheapestBitOPs(
      network: network, quantizer: quantizer, weightBits: [4, 2], activationBits: [6, 2])
    let low = Quantizer(weightBits: 2, activationBits: [2], fullyQuantized: true)
    #expect(
      try QuantizedNetwork(network: network, quantizer: low).dearestBitOPs == cheapest)
    let allocation = try BitAllocation(
      found, network: network, quantizer: quantizer, budget: cheapest)
    #expect(allocation.weights.allSatisfy { $0.bits == 2 })
    #expect(
      throws: QuantizationError.budgetUnreachable(
        budget: cheapest - 1, cheapest: cheapest, unit: "BitOPs")
    ) {
      try BitAllocation(found, network: network, quantizer: quantizer, budget: cheapest - 1)
    }
  }

  /// Without images there is nothing to measure.
  @Test(arguments: [0, -1])
  func needsImages(imageCount: Int) throws {
    let quantizer = Quantizer(weightBits: 3, activationBits: [3])
    #expect(throws: QuantizationError.noImages(what: "measuring sensitivities")) {
      try BitSensitivity(
        of: .tinyResNet(), quantizer: quantizer, on: .random(8), imageCount: imageCount)
    }
  }
}
