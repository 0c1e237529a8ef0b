import DFQTestSupport
import DFQTraining
import DynaDFQ
import Testing

/// Students of networks whose batch norm was folded into the weights learn as with batch norm.
@Suite struct FilterRateTests {
  /// A filter behind no batch norm has its gradient multiplied by a quarter of its squared length: with W = g w and |w| = 2 a step at W moves
  /// g^2 times as far as the gradient says, as a step at w does.
  @Test func byHand() throws {
    var builder = GraphBuilder(input: [1, 1, 2])
    var x = try builder.add(
      "free", .convolution(.init(outputChannels: 2, kernel: 1)), builder.input)
    x = try builder.add("relu", .activation(.relu), x)
    x = try builder.add("normed", .convolution(.init(outputChannels: 2, kernel: 1)), x)
    let short = try builder.add("relu2", .activation(.relu), x)
    x = try builder.add("norm", .batchNorm(.init()), x)
    x = try builder.add("summed", .convolution(.init(outputChannels: 2, kernel: 1)), x)
    x = try builder.add("sum", .sum, x, short)
    x = try builder.add("norm2", .batchNorm(.init()), x)
    try builder.add("flat", .flatten, x)
    var network = Network.random(builder.build())
    // I O: the filters are (3, 4) and (0, 2).
    for name in ["free.weight", "normed.weight", "summed.weight"] {
      try network.parameters.set(name, to: Tensor(shape: [1, 1, 2, 2], elements: [3, 0, 4, 2]))
    }
    let layout = network.parameters.layout
    var gradient = [Float](repeating: 1, count: layout.count)
    FilterRates(network).scale(&gradient, at: network.parameters.values)
    let free = try #require(layout.entry(named: "free.weight")).range
    #expect(gradient[free] == [6.25, 1, 6.25, 1])
    #expect(gradient.indices.allSatisfy { free.contains($0) || gradient[$0] == 1 })
  }

  /// The length that filters behind batch norm are taken to have is about that of a trained network's.
  @Test(.enabled(if: Shared.has(Shared.cifarTestName), "../shared is absent"))
  func filtersBehindBatchNorm() throws {
    let parameters = try Goldens.resNet20().parameters
    for entry in parameters.layout.entries where entry.shape.rank == 4 {
      let square = entry.range.reduce(Float(0)) {
        $0 + parameters.values[$1] * parameters.values[$1]
      }
      let length = (square / Float(entry.shape.dimensions.last!)).squareRoot()
      #expect((1.1...2.2).contains(length), "\(entry.name): \(length)")
    }
  }

  /// A transform that does nothing but fold batch norms changes what a student learns by roundings only.
  ///
  /// A teacher that was folded before has other filter lengths, and its student goes elsewhere.
  @Test func foldedTeachersLearnAlike() throws {
    let teacher = try Network.tinyResNet()
    let images = try SyntheticImages.noise(count: 32, for: teacher, seed: 1)
    let quantizer = Quantizer(weightBits: 8, activationBits: [8])
    let fold: [any DataFreeTransform] = [UDFC(repairsRounding: false)]
    func logits(_ teacher: Network, _ transforms: [any DataFreeTransform] = []) throws -> [Float] {
      let trainer = DynamicTrainer(
        teacher: teacher, quantizer: quantizer, transforms: transforms,
        configuration: .init(steps: 12, imagesPerStep: 8, learningRate: 1e-4, holdOut: 0),
        context: .init(threads: 1))
      let student = try trainer.train(on: images)
      return try FloatExecutor(student.network, context: .init(threads: 1))
        .logits(ofInputs: images.images).elements
    }
    let before = try FloatExecutor(teacher, context: .init(threads: 1))
      .logits(ofInputs: images.images).elements
    let plain = try logits(teacher)
    let folded = try logits(teacher, fold)
    let foldedBefore = try logits(teacher.transformed(by: fold, for: quantizer).network)
    func distance(_ a: [Float], _ b: [Float]) -> Float {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    let (own, other) = (distance(folded, plain), distance(foldedBefore, plain))
    #expect(own < 1e-3 * distance(plain, before), "\(own)")
    #expect(own < 1e-3 * other, "\(own) \(other)")
  }
}
