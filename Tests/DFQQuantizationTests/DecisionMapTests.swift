import DFQTestSupport
import DynaDFQ
import Testing

/// Decisions mean bits, not positions: one map for values, costs, prices and fixed bits.
@Suite struct DecisionMapTests {
  private static let context = ExecutionContext(threads: 2)

  /// A calibrated ResNet-8 whose second block's first activation has other candidates.
  private func student(
    _ selector: BitSelector, bits: [Int] = [4, 8], own: [Int] = [3, 4, 5]
  ) throws -> (QuantizedNetwork, Tensor) {
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([9, 8, 8, 3])
    var student = try QuantizedNetwork(
      network: .tinyResNet(),
      quantizer: Quantizer(
        weightBits: 4, activationBits: own,
        overrides: [.init("layer2.0.conv1", activationBits: bits)]),
      selector: selector, seed: 1)
    try student.calibrate(batches: [images], context: DecisionMapTests.context)
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = stream.normal()
    }
    return (student, images)
  }

  @Test func candidatesAreFoundByBits() throws {
    let (student, _) = try student(.init(.perImage))
    let map = student.decisionMap
    let other = try #require(student.outputs.first { $0.bits == [4, 8] }).index
    let usual = try #require(student.outputs.last { $0.bits == [3, 4, 5] }).index
    #expect((0..<3).map { map.candidate(of: usual, for: $0) } == [0, 1, 2])
    // 3 and 4 bits mean 4 bits there, 5 mean 8.
    #expect((0..<3).map { map.candidate(of: other, for: $0) } == [0, 0, 1])
    #expect(student.outputs[other].candidate(for: 9) == 1)
  }

  /// Each image's bits are those that its decision means at every output.
  @Test func valuesFollowTheMap() throws {
    let (student, images) = try student(.init(.perImage))
    let other = try #require(student.outputs.first { $0.bits == [4, 8] }).index
    let decisions = try student.decisions(ofInputs: images, context: DecisionMapTests.context)
    #expect(Set(decisions.map { $0.bits.last! }).count > 1)
    for decision in decisions {
      let decided = decision.bits.last!
      #expect(decision.bits[other] == (decided == 5 ? 8 : 4))
      #expect(try decision.bitOPs == student.bitOPs(bits: decision.bits) + student.selectorBitOPs)
    }
  }

  @Test func fixedBitsAndCosts() throws {
    let (student, images) = try student(.init(.perLayer))
    let other = try #require(student.outputs.first { $0.bits == [4, 8] }).index
    let decisions = try student.decisions(
      ofInputs: images, bits: .fixed(4), context: DecisionMapTests.context)
    #expect(decisions.allSatisfy { $0.bits.allSatisfy { $0 == 4 } })
    let low = student.outputs.map { $0.index == other ? 4 : 3 }
    #expect(try student.bitOPs(activationBits: 3) == student.bitOPs(bits: low))
    #expect(try student.cheapestBitOPs == student.bitOPs(bits: low) + student.selectorBitOPs)
    #expect(
      try student.decisions(ofInputs: images, bits: .outputs(low)).map(\.bits)
        == Array(repeating: low, count: 9))
    #expect(throws: QuantizationError.notACandidate(bits: 7, candidates: [3, 4, 5, 8])) {
      _ = try student.decisions(ofInputs: images, bits: .fixed(7))
    }
    #expect(throws: QuantizationError.notACandidate(bits: 3, candidates: [4, 8])) {
      _ = try student.bitOPs(bits: low.map { _ in 3 })
    }
    #expect(
      throws: QuantizationError.bitsCount(what: "quantized outputs", expected: 7, found: 1)
    ) {
      _ = try student.decisions(ofInputs: images, bits: .outputs([4]))
    }
  }

  /// What a budget allows: between whole bits linear, at an output never beyond its candidates.
  @Test func budgets() throws {
    let (student, _) = try student(.init(.perLayer))
    func cost(_ usual: Int, _ other: Int) -> Double {
      student.costModel.cost(student.outputs.map { $0.bits == [4, 8] ? other : usual })
    }
    #expect(student.bitOPs(meanActivationBits: 5) == cost(5, 5))
    #expect(student.bitOPs(meanActivationBits: 3) == cost(3, 4))
    #expect(student.bitOPs(meanActivationBits: 4.5) == (cost(4, 4) + cost(5, 5)) / 2)
    // Below and above everything: comparable with the cheapest and the dearest choice.
    #expect(student.bitOPs(meanActivationBits: 2) < student.cheapestBitOPs)
    #expect(student.bitOPs(meanActivationBits: 8.5) > student.dearestBitOPs)
  }

  /// The price of a decision's candidate is what its outputs cost.
  @Test func prices() throws {
    let (student, _) = try student(.init(.perImage))
    let map = student.decisionMap
    let shares = student.costModel.shares.map(Float.init)
    let governed = map.sites[0].governs
    let total = governed.reduce(Float(0)) { $0 + shares[$1] }
    for (place, bits) in [3, 4, 5].enumerated() {
      let expected = governed.reduce(Float(0)) { sum, output in
        let own = student.outputs[output]
        return sum + shares[output] / total * Float(own.bits[own.candidate(for: bits)])
      }
      // A few roundings of numbers of magnitude 5.
      #expect(abs(map.pricedBits(0, place, shares: shares) - expected) < 1e-5)
    }
    let plain = try self.student(.init(.perImage), bits: [3, 4, 5]).0
    // Where every output has the decision's bits, the price is exactly these bits.
    #expect((0..<3).map { plain.decisionMap.pricedBits(0, $0, shares: shares) } == [3, 4, 5])
  }

  /// `point` counts among the quantized outputs, also those whose bits are static.
  @Test func pointsCountAmongQuantizedOutputs() throws {
    let quantizer = Quantizer(
      weightBits: 4, activationBits: [3, 5], overrides: [.init("conv1", activationBits: [6])])
    func site(_ point: Int?) throws -> DecisionSite {
      try QuantizedNetwork(
        network: .tinyResNet(), quantizer: quantizer, selector: .init(.perImage, point: point),
        seed: 1
      ).decisionMap.sites[0]
    }
    #expect(try site(nil).output == 1)
    #expect(try site(0).output == 0)
    #expect(try site(0).governs == [1, 2, 3, 4, 5, 6])
    #expect(try site(2).output == 2 && site(2).governs == [3, 4, 5, 6])
    for point in [6, 7, 1000, -1] {
      #expect(throws: QuantizationError.self) { _ = try site(point) }
    }
  }

  @Test func decisionsThatCannotBe() throws {
    let outputs = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: Quantizer(weightBits: 4, activationBits: [3, 5]),
      selector: nil, seed: 0
    ).outputs
    func site(
      at output: Int = 1, governs: [Int] = [2], candidates: [Int] = [3, 5],
      statistics: [ChannelStatistic] = [.mean], positions: Int = 4, isRounded: Bool = false
    ) -> DecisionSite {
      DecisionSite(
        at: outputs[output], governs: governs, candidates: candidates, statistics: statistics,
        positions: positions, isRounded: isRounded)
    }
    #expect(try DecisionMap(outputs: outputs, sites: [site()]).site(of: 2) == 0)
    #expect(try DecisionMap(outputs: outputs, sites: [site(governs: [1, 2])]).site(of: 1) == 0)
    #expect(try DecisionMap(outputs: outputs, sites: [site(isRounded: true)]).site(of: 2) == 0)
    let bad = [
      [site(governs: [0])], [site(governs: [])], [site(governs: [7])], [site(candidates: [])],
      [site(candidates: [3, 9])], [site(statistics: [])], [site(positions: 0)],
      [site(positions: 65)], [site(), site(governs: [3])], [site(), site(at: 2)],
      [site(governs: [1, 2], isRounded: true)],
    ]
    for sites in bad {
      #expect(throws: QuantizationError.self) {
        _ = try DecisionMap(outputs: outputs, sites: sites)
      }
    }
  }
}
