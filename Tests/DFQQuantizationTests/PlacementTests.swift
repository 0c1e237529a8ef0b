import DFQTestSupport
import DynaDFQ
import Testing

/// Where quantizers go, and what it costs.
@Suite struct PlacementTests {
  /// conv 3x3 (2 to 4 channels on 4 x 4: 1152 MACs), relu, max pool, conv 1x1 (4 to 3 on 2 x 2:
  /// 48 MACs), tanh, mean, linear (3 to 5: 15 MACs).
  static func graph() throws -> Graph {
    var b = GraphBuilder(input: [4, 4, 2])
    var x = try b.add(
      "stem", .convolution(.init(outputChannels: 4, kernel: 3, padding: 1)), b.input)
    x = try b.add("relu", .activation(.relu), x)
    x = try b.add("pool", .maxPool(.init(kernel: 2, stride: 2)), x)
    x = try b.add("conv", .convolution(.init(outputChannels: 3, kernel: 1)), x)
    x = try b.add("tanh", .activation(.tanh), x)
    x = try b.add("mean", .globalAveragePool, x)
    try b.add("fc", .linear(outputs: 5, bias: true), x)
    return b.build()
  }

  private func placement(_ quantizer: Quantizer) throws -> (Placement, Graph) {
    let graph = try PlacementTests.graph()
    return (try quantizer.placement(in: graph), graph)
  }

  @Test func byDefaultAfterActivations() throws {
    let (placement, graph) = try placement(Quantizer(weightBits: 4, activationBits: [5, 3]))
    #expect(placement.points.map { graph.nodes[$0.node].name } == ["relu", "tanh"])
    #expect(placement.points.map(\.bits) == [[3, 5], [3, 5]])
    #expect(placement.points.map(\.nonNegative) == [true, false])
    // Maximum pooling keeps codes; the mean does not, and the image is not quantized.
    #expect(placement.layers.map(\.inputPoint) == [nil, 0, nil])
    #expect(placement.layers.map(\.macs) == [1152, 48, 15])
    #expect(placement.banks == 1)
  }

  @Test func overridesAndIgnoredLayers() throws {
    let (placement, graph) = try placement(
      Quantizer(
        weightBits: 4, activationBits: [3, 5],
        overrides: [
          .init("stem", weightBits: 8), .init("f*", ignored: true),
          .init("relu", activationBits: [6]), .init("*", weightBits: 2),
          .init("tanh", ignored: true),
        ]))
    // The first rule that matches counts, so tanh takes "*" and stays.
    #expect(placement.points.map { graph.nodes[$0.node].name } == ["relu", "tanh"])
    #expect(placement.points.map(\.bits) == [[6], [3, 5]])
    #expect(placement.layers.map(\.bits) == [8, 2, nil])
    #expect(placement.layers[2].isFloat)
  }

  @Test func fullyQuantized() throws {
    let (placement, graph) = try placement(
      Quantizer(weightBits: 4, activationBits: [3, 5], fullyQuantized: true))
    #expect(
      placement.points.map { graph.nodes[$0.node].name } == ["input", "relu", "tanh", "mean"])
    #expect(placement.points.map(\.bits) == [[8], [3, 5], [3, 5], [8]])
    #expect(placement.layers.map(\.inputPoint) == [0, 1, 3])
    // The mean of a tanh may be negative.
    #expect(!placement.points[3].nonNegative)
  }

  @Test func weightsFollow() throws {
    var quantizer = Quantizer(weightBits: 4, activationBits: [3, 5])
    quantizer.weightsFollowActivations = true
    quantizer.overrides = [.init("fc", weightBits: 7)]
    let (placement, _) = try placement(quantizer)
    #expect(placement.layers.map(\.bankBits) == [[4], [3, 5], [7]])
    #expect(placement.banks == 2)
    let model = BitOPsModel(placement, familyBits: 5)
    #expect(model.cost([5, 3]) == Double(1152 * 4 * 32 + 48 * 5 * 5 + 15 * 7 * 32))
  }

  @Test func badBits() throws {
    func error(_ quantizer: Quantizer) -> QuantizationError? {
      do {
        _ = try placement(quantizer)
        return nil
      } catch {
        return error as? QuantizationError
      }
    }
    #expect(
      error(Quantizer(weightBits: 1, activationBits: [4]))
        == .bitsOutOfRange(what: "weights", found: 1))
    #expect(
      error(Quantizer(weightBits: 4, activationBits: [4, 9]))
        == .bitsOutOfRange(what: "activations", found: 9))
    #expect(error(Quantizer(weightBits: 4, activationBits: [])) == .noCandidates)
    #expect(
      error(Quantizer(weightBits: 4, activationBits: [4], overrides: [.init("x*", weightBits: 3)]))
        == .ruleMatchesNothing(pattern: "x*"))
    #expect(
      error(Quantizer(weightBits: 4, activationBits: [4], overrides: [.init("fc", weightBits: 0)]))
        == .bitsOutOfRange(what: "weights", found: 0))
    #expect(
      error(
        Quantizer(
          weightBits: 4, activationBits: [4], overrides: [.init("relu", activationBits: [])]
        )) != nil)
  }

  /// Unquantized inputs count as 32 bits, or as 5, the middle candidate, in the family's way.
  @Test func bitOPsByHand() throws {
    let (placement, _) = try placement(Quantizer(weightBits: 4, activationBits: [3, 5]))
    let model = BitOPsModel(placement, familyBits: 5)
    #expect(model.cost([3, 5]) == Double((1152 + 15) * 4 * 32 + 48 * 4 * 3))
    #expect(model.familyCost([3, 5]) == Double((1152 + 15) * 4 * 5 + 48 * 4 * 3))
    // Only the relu feeds a layer with weights.
    #expect(model.shares == [1, 0])
    #expect(model.meanBits([3, 5]) == 3)
    let float = try Quantizer(
      weightBits: 4, activationBits: [5], overrides: [.init("conv", ignored: true)]
    ).placement(in: PlacementTests.graph())
    #expect(
      BitOPsModel(float, familyBits: 5).cost([5])
        == Double((1152 + 15) * 4 * 32 + 48 * 32 * 5))
  }
}
