import DFQTestSupport
import DynaDFQ
import Testing

/// Processes that share a batch give the same bits as one.
@Suite struct CommunicatorTests {
  /// Everything that a pass gives, as bits.
  private static func everything(
    _ network: Network, images: Tensor, mode: BatchNormMode, context: ExecutionContext
  ) throws -> [Float] {
    var stream = RandomStream(seed: 2, "targets")
    let target = stream.tensor(
      Shape([images.rowCount] + network.graph.outputShape.dimensions))
    let result = try FloatExecutor(network, context: context).run(
      images,
      request: .init(
        mode: mode,
        imageObjectives: [SquaredDistance(target: target, node: network.graph.output)],
        momentObjectives: mode == .training ? [] : try network.batchNormStatistics(),
        imageGradient: true, parameterGradient: true, outputs: [network.graph.output]))
    return result.outputs[0].elements + result.imageGradient!.elements
      + result.parameterGradient + result.momentLosses.map { Float($0) }
      + result.lossesByImage[0].map { Float($0) } + [Float(result.totalLoss)]
      + result.batchStatistics.flatMap { ($0.mean + $0.variance).map { Float($0) } }
  }

  /// Batches of one shard, of fewer shards than processes, and of eight shards that three processes
  /// do not divide.
  @Test(arguments: [1, 3, 67], [BatchNormMode.evaluation, .training])
  func passes(batch: Int, mode: BatchNormMode) throws {
    let network = try Network.tinyResNet(projection: true)
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([batch, 8, 8, 3])
    let expected = try CommunicatorTests.everything(
      network, images: images, mode: mode, context: .init(threads: 2))
    for processes in 2...4 {
      let links = LocalProcesses(processes)
      let found = links.run { link in
        try CommunicatorTests.everything(
          network, images: images, mode: mode, context: .init(threads: 2, communicator: link))
      }
      for result in found { #expect(try result.get() == expected) }
      #expect(links.callCount(0) > 0)
    }
  }

  /// A pass without losses that all threads compute together.
  @Test func teams() throws {
    let network = try Network.tinyResNet()
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([2, 8, 8, 3])
    let expected = try FloatExecutor(network, context: .init(threads: 1)).logits(ofInputs: images)
    let found = LocalProcesses(2).run { link in
      try FloatExecutor(network, context: .init(threads: 3, communicator: link)).logits(
        ofInputs: images)
    }
    for result in found { #expect(try result.get() == expected) }
  }

  /// A lost connection ends the pass with its error, in every process and at every call.
  @Test(arguments: [0, 1, 5])
  func lostConnection(call: Int) throws {
    let network = try Network.tinyResNet()
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([8, 8, 8, 3])
    let found = LocalProcesses(2, failsAt: call).run { link in
      try CommunicatorTests.everything(
        network, images: images, mode: .training, context: .init(threads: 2, communicator: link))
    }
    for result in found {
      #expect(throws: LocalProcesses.Lost.self) { try result.get() }
    }
  }

  /// Processes with other settings are named by all of them.
  @Test func agreement() throws {
    for result in LocalProcesses(3).run({ try $0.demandAgreement(on: "a", about: "settings") }) {
      #expect(throws: Never.self) { try result.get() }
    }
    let texts = ["a", "b", "a"]
    for result in LocalProcesses(3).run({
      try $0.demandAgreement(on: texts[$0.rank], about: "settings")
    }) {
      let expected = CommunicatorError.disagreement(about: "settings", ranks: [1])
      #expect(throws: expected) { try result.get() }
    }
    #expect(throws: Never.self) { try SingleProcess().demandAgreement(on: "a", about: "settings") }
  }
}
