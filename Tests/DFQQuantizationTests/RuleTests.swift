import DFQTestSupport
import DynaDFQ
import Testing

/// Which layers and values a rule governs.
@Suite struct RuleTests {
  private func student(
    _ overrides: [Quantizer.Override], fullyQuantized: Bool = false
  ) throws -> QuantizedNetwork {
    try QuantizedNetwork(
      network: .tinyResNet(),
      quantizer: Quantizer(
        weightBits: 4, activationBits: [3, 5], fullyQuantized: fullyQuantized, overrides: overrides),
      selector: nil, seed: 0)
  }

  private func layer(_ name: String, _ student: QuantizedNetwork) throws
    -> QuantizedNetwork.LayerDescription
  {
    try #require(student.layers.first { $0.name == name })
  }

  /// The value behind a layer's batch norm, whatever its node is called.
  private func value(behind layer: String, _ student: QuantizedNetwork) throws -> QuantizedOutput? {
    let graph = student.network.graph
    let consumers = graph.consumers()
    var node = try graph.position(of: layer)
    repeat { node = consumers[node][0] } while graph.nodes[node].layer.quantizedOutput == nil
    return student.outputs.first { $0.name == graph.nodes[node].name }
  }

  @Test func aRuleGovernsWeightsAndTheValueTheyFeed() throws {
    let student = try student([
      .init("layer1.0.conv1", weightBits: 8, activationBits: [6]),
      .init("layer2.0.conv1", ignored: true),
    ])
    #expect(try layer("layer1.0.conv1", student).weightBits == [8])
    #expect(try layer("layer1.0.conv1", student).rule == "layer1.0.conv1")
    let value = try #require(try value(behind: "layer1.0.conv1", student))
    #expect(value.bits == [6] && value.rule == "layer1.0.conv1")
    #expect(try layer("layer1.0.conv2", student).inputBits == [6])
    #expect(try layer("layer1.0.conv2", student).inputName == value.name)
    #expect(try layer("layer1.0.conv2", student).rule == nil)
    // Ignored: weights and value in floating point, the neighbours' values not.
    #expect(try layer("layer2.0.conv1", student).weightBits.isEmpty)
    #expect(try self.value(behind: "layer2.0.conv1", student) == nil)
    #expect(try layer("layer2.0.conv2", student).inputBits == nil)
    #expect(student.outputs.count == 6)
  }

  @Test func aRuleMayNameTheValue() throws {
    let plain = try student([])
    let name = try #require(try value(behind: "layer1.0.conv1", plain)).name
    let named = try student([.init(name, activationBits: [7])])
    #expect(try value(behind: "layer1.0.conv1", named)?.bits == [7])
    #expect(try layer("layer1.0.conv1", named).weightBits == [4])
    // The first rule that matches counts; one about weights says nothing about the value they feed.
    let both = try student([
      .init("layer1.0.conv1", weightBits: 8), .init(name, activationBits: [7]),
    ])
    #expect(try value(behind: "layer1.0.conv1", both)?.bits == [7])
    #expect(try layer("layer1.0.conv1", both).weightBits == [8])
    let first = try student([
      .init("layer1.0.conv1", activationBits: [6]), .init("*", weightBits: 2),
    ])
    #expect(try value(behind: "layer1.0.conv1", first)?.bits == [6])
  }

  /// The sum of a block is fed by its last convolution, not by the block before.
  @Test func sumsBelongToTheirBlock() throws {
    let student = try student([.init("layer1.0.conv2", activationBits: [8])])
    #expect(student.outputs.map(\.bits).filter { $0 == [8] }.count == 1)
    let ignored = try self.student([.init("layer1.0.conv2", ignored: true)])
    #expect(ignored.outputs.count == 6)
  }

  @Test func fullyQuantizedKeepsRules() throws {
    let all = try student([], fullyQuantized: true)
    #expect(all.layers.allSatisfy { $0.inputBits != nil })
    let mean = try #require(try layer("linear", all).inputName)
    let student = try student(
      [.init("input", activationBits: [6]), .init(mean, ignored: true)], fullyQuantized: true)
    #expect(try layer("conv1", student).inputBits == [6])
    #expect(student.outputs[0].rule == "input")
    #expect(try layer("linear", student).inputBits == nil)
    // An ignored activation is not quantized again because a layer reads it.
    let ignored = try self.student([.init("layer1.0.conv1", ignored: true)], fullyQuantized: true)
    #expect(try layer("layer1.0.conv2", ignored).inputBits == nil)
    #expect(try value(behind: "layer1.0.conv1", ignored) == nil)
  }

  /// Pooling copies an ignored value, so it is not quantized behind it either.
  @Test func copiesOfIgnoredValuesStayFloat() throws {
    let graph = try PlacementTests.graph()
    let placement = try Quantizer(
      weightBits: 4, activationBits: [4], fullyQuantized: true,
      overrides: [.init("relu", ignored: true)]
    ).placement(in: graph)
    #expect(placement.points.map { graph.nodes[$0.node].name } == ["input", "tanh", "mean"])
    #expect(placement.layers[1].inputPoint == nil)
  }
}
