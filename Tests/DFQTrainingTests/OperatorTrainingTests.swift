import DFQTestSupport
import DynaDFQ
import Testing

/// Training students of networks with the operators of imported networks.
@Suite struct OperatorTrainingTests {
  private func student(threads: Int) throws -> (QuantizedNetwork, losses: [Double]) {
    var losses: [Double] = []
    let student = try DynamicTrainer(
      teacher: .tinyOperators(), quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
      selector: .init(.perLayer),
      configuration: .init(
        steps: 6, imagesPerStep: 8, selectorLearningRate: 0.05, holdOut: 0.1, seed: 3),
      context: .init(threads: threads)
    ).train(on: SyntheticImages.random(30)) { losses.append($0.totalLoss) }
    return (student, losses)
  }

  /// Losses are finite, every kind of parameter learns, and threads change nothing.
  @Test func training() throws {
    let teacher = try Network.tinyOperators()
    let (found, losses) = try student(threads: 2)
    #expect(losses.count >= 6 && losses.allSatisfy(\.isFinite))
    #expect(found.network.parameters.firstNotFinite() == nil)
    for entry in teacher.parameters.layout.entries where entry.role.isLearned {
      let (old, new) = (teacher.parameters.tensor(entry), found.network.parameters.tensor(entry))
      #expect(old != new, "\(entry.name)")
    }
    #expect(try student(threads: 1).0.bytes() == found.bytes())
  }

  /// Codes of blocks are learned through layers that the blocks hold.
  @Test func adaptiveRounding() throws {
    let network = try Network.tinyOperators()
    var stream = RandomStream(seed: 6)
    let images = stream.tensor([12, 8, 8, 3])
    let context = ExecutionContext(threads: 1)
    var student = try QuantizedNetwork(
      network: network, quantizer: Quantizer(weightBits: 4, activationBits: [4]), selector: nil,
      seed: 0)
    try student.calibrate(batches: [images], context: context)
    let method = AdaptiveRounding(iterations: 4, imagesPerStep: 8, rate: 0.1)
    let units = student.reconstructionUnits(method)
    #expect(units.flatMap(\.nodes).filter(network.graph.weighted.contains).count == 11)
    for unit in units.indices {
      let report = try student.reconstruct(
        unit: unit, by: method, teacher: network, on: images, seed: 2, context: context)
      #expect(report.map { $0.after.isFinite } ?? true)
    }
  }
}
