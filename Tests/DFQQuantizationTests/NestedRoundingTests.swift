import DFQQuantization
import DFQTestSupport
import DynaDFQ
import Testing

/// Codes of fewer bits that are shifts of those of the most bits.
@Suite struct NestedRoundingTests {
  private static let context = ExecutionContext(threads: 2)

  private func quantizer(_ rounding: Rounding = .nested) -> Quantizer {
    Quantizer(
      weightBits: 4, activationBits: [3, 4, 6], weightsFollowActivations: true, rounding: rounding)
  }

  /// From 6 bits to 3: (c + 4) >> 3, at most 3.
  @Test func byHand() {
    let codes: [Int32] = [-32, -29, -28, -5, -4, -1, 0, 3, 4, 11, 12, 27, 28, 31]
    let shifted = codes.map { NestedRounding.shifted($0, by: 3, highest: 3) }
    #expect(shifted == [-4, -4, -3, -1, 0, 0, 0, 0, 1, 1, 2, 3, 3, 3])
    #expect(codes.map { NestedRounding.shifted($0, by: 0, highest: 31) } == codes)
  }

  private func student(_ quantizer: Quantizer) throws -> (QuantizedNetwork, Tensor) {
    var stream = RandomStream(seed: 8)
    let images = stream.tensor([9, 8, 8, 3])
    var student = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: quantizer, selector: .init(.perLayer), seed: 1)
    try student.calibrate(batches: [images], context: Self.context)
    return (student, images)
  }

  /// One stored code serves all widths of every layer, and its values are what is computed with.
  @Test func oneCodeForAllWidths() throws {
    let student = try student(quantizer()).0
    let layers = student.layers.filter { $0.weightBits.count > 1 }
    #expect(!layers.isEmpty)
    for layer in layers {
      let most = try student.integerWeights(of: layer.name, bits: 6)
      for bits in [3, 4] {
        let found = try student.integerWeights(of: layer.name, bits: bits)
        let shift = 6 - bits
        let highest = Int32(bits == 3 ? 3 : 7)
        let expected = most.codes.map {
          NestedRounding.shifted(Int32($0), by: shift, highest: highest)
        }
        #expect(found.codes.map { Int32($0) } == expected)
        for (own, wide) in zip(found.scales, most.scales) {
          #expect(abs(own / (wide * Float(1 << shift)) - 1) < 1e-6)
        }
      }
    }
  }

  /// The gradient at the one step is the sum of those of all widths; at the others it is 0.
  @Test func gradients() throws {
    let (student, images) = try student(quantizer())
    let response = try StudentExecutor(student, context: Self.context).run(
      student, images: images,
      request: .init(
        imageObjectives: [
          SquaredDistance(
            target: Tensor(shape: [9, 4]), node: student.network.graph.output)
        ], parameterGradient: true), policy: .fixed(3))
    for (gradient, layer) in zip(response.weightStepGradient, student.layers)
    where layer.weightBits.count > 1 {
      let slots = gradient.count / 3
      #expect(gradient.prefix(2 * slots).allSatisfy { $0 == 0 })
      // All images took 3 bits, whose gradient arrives at the step of 6.
      #expect(gradient.suffix(slots).contains { $0 != 0 })
    }
    #expect(response.parameterGradient.contains { $0 != 0 })
  }

  /// LSQ's gradients of one layer by hand: weights 0.9, -0.3 and 5 on steps of 0.5 = 2 * 0.25.
  @Test func gradientsByHand() {
    let weights: [Float] = [0.9, -0.3, 5]
    weights.withUnsafeBufferPointer { weights in
      // 3 bits, one less than the most: codes of 4 bits are 4 (3.6), -1 (-1.2) and 7, shifted 2, 0 and 3.
      let layer = RoundedLayer(
        weights: weights, channels: 1, taps: 1,
        grids: [Grid(step: 0.5, bits: 3, nonNegative: false)], learnsStep: true,
        backward: .clipped, shift: 1, kernels: Kernels(.best))
      #expect(NestedRounding().codes(layer) == [2, 0, 3])
      var gradient: [Float] = [1, 10, 100]
      let steps = gradient.withUnsafeMutableBufferPointer {
        NestedRounding().backward(layer, gradient: $0)
      }
      #expect(gradient == [1, 10, 0])
      // (2 - 1.8) + 10 (0 + 0.6) + 100 * 3, times 0.5 / (3 * 3)^(1/2).
      #expect(abs(steps[0] - (0.2 + 6 + 300) * 0.5 / 3) < 1e-3)
    }
  }

  @Test func asymmetricGridsAreRefused() {
    var family = Quantizer.family(weightBits: 4, activationBits: [3, 4])
    family.rounding = .nested
    #expect(throws: QuantizationError.self) { try family.check() }
  }
}
