import DFQTestSupport
import DynaDFQ
import Testing

/// Images whose rows or channels several threads compute together.
@Suite struct TeamTests {
  /// The logits of each number of threads.
  private func logits(
    _ network: Network, images: Tensor, context: ExecutionContext, threads: [Int]
  ) throws -> [[Float]] {
    try threads.map {
      var context = context
      context.pool = WorkerPool(threads: $0)
      return try Executor(plan: Plan(network.graph), context: context).run(
        images: images, parameters: network.parameters.values,
        request: .init(outputs: [network.graph.output])
      ).outputs[0].elements
    }
  }

  /// One thread computes images on its own; more threads than images, or than rows, divide them.
  @Test(arguments: LayerCase.all, ExecutionVariant.all)
  func everyLayer(_ layer: LayerCase, variant: ExecutionVariant) throws {
    let network = try layer.network()
    var stream = RandomStream(seed: 3, "images")
    for batch in 1...2 {
      let images = stream.tensor(Shape([batch] + layer.input.dimensions))
      let found = try logits(
        network, images: images, context: variant.context, threads: [1, 2, 3, 13])
      let same = found.allSatisfy { $0 == found[0] }
      #expect(same, "\(batch) images")
    }
  }

  /// Strides, odd heights, 1x1, a residual, maximum pooling: a network as it is.
  @Test(arguments: ExecutionVariant.all)
  func network(variant: ExecutionVariant) throws {
    let network = try Architecture(name: "resnet18:input=67x45x3,classes=7").network(seed: 1)
    var stream = RandomStream(seed: 3, "images")
    let images = stream.tensor([1, 67, 45, 3])
    let found = try logits(network, images: images, context: variant.context, threads: [1, 2, 3])
    let same = found[0] == found[1] && found[0] == found[2]
    #expect(same)
  }

  /// Weights by the million for four tiles: other tiles for an image alone, and each thread has
  /// its own output channels.
  @Test(arguments: ExecutionVariant.all.filter { $0.context.winogradTile != nil })
  func manyWeights(variant: ExecutionVariant) throws {
    var b = GraphBuilder(input: [7, 7, 3])
    let stem = try b.add("stem", .convolution(.init(outputChannels: 352, kernel: 1)), b.input)
    let wide = try b.add(
      "wide", .convolution(.init(outputChannels: 360, kernel: 3, padding: 1)), stem)
    let norm = try b.add("norm", .batchNorm(.init()), wide)
    let relu = try b.add("relu", .activation(.relu), norm)
    let pool = try b.add("pool", .globalAveragePool, relu)
    try b.add("fc", .linear(outputs: 5, bias: true), pool)
    let network = Network.random(b.build())
    var stream = RandomStream(seed: 3, "images")
    let images = stream.tensor([9, 7, 7, 3])
    let found = try logits(
      network, images: images.rows(4..<5), context: variant.context, threads: [1, 2, 3])
    let same = found[0] == found[1] && found[0] == found[2]
    #expect(same)
    let among = try logits(network, images: images, context: variant.context, threads: [2])[0]
    // Other tiles, other rounding.
    #expect(relativeDistance(found[0], Array(among[20..<25])) < 1e-5)
  }
}
