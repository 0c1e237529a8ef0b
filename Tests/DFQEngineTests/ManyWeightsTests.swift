import DFQTestSupport
import DynaDFQ
import Testing

/// A fully connected layer of so many weights that their gradients are cleared where they are added up.
@Suite struct ManyWeightsTests {
  private static func network() throws -> Network {
    var b = GraphBuilder(input: [1, 1, 64])
    var x = try b.add("flat", .flatten, b.input)
    x = try b.add("latents", .linear(outputs: 4096, bias: true), x)
    x = try b.add("map", .reshape([8, 8, 64]), x)
    x = try b.add("conv", .convolution(.init(outputChannels: 16, kernel: 3, padding: 1)), x)
    x = try b.add("norm", .batchNorm(.init()), x)
    x = try b.add("relu", .activation(.relu), x)
    x = try b.add("pool", .globalAveragePool, x)
    try b.add("classes", .linear(outputs: 3, bias: true), x)
    return .random(b.build(), seed: 1)
  }

  private static func gradient(
    _ executor: FloatExecutor, _ network: Network, images: Tensor
  ) throws -> [Float] {
    var stream = RandomStream(seed: 2, "targets")
    let target = stream.tensor([images.rowCount, 3])
    return try executor.run(
      images,
      request: .init(
        mode: .training,
        imageObjectives: [SquaredDistance(target: target, node: network.graph.output)],
        imageGradient: true, parameterGradient: true)
    ).parameterGradient
  }

  /// Batches of whole groups, and of groups and a part: what an earlier pass left behind does not count, nor do threads or kernels.
  @Test(arguments: [3, 32, 64, 70])
  func nothingIsLeft(batch: Int) throws {
    let network = try ManyWeightsTests.network()
    var stream = RandomStream(seed: 3)
    let (images, others) = (
      stream.tensor([batch, 1, 1, 64]), stream.tensor([batch + 5, 1, 1, 64])
    )
    let executor = FloatExecutor(network, context: .init(threads: 2))
    let first = try ManyWeightsTests.gradient(executor, network, images: images)
    _ = try ManyWeightsTests.gradient(executor, network, images: others)
    let again = try ManyWeightsTests.gradient(executor, network, images: images)
    // Half a million numbers are no message.
    let isSame = first == again
    #expect(isSame)
    let single = try ManyWeightsTests.gradient(
      FloatExecutor(network, context: .init(threads: 1)), network, images: images)
    let isThatOfOneThread = first == single
    #expect(isThatOfOneThread)
    // Image by image, without groups; other kernels round otherwise.
    let direct = try ManyWeightsTests.gradient(
      FloatExecutor(network, context: .init(threads: 2, convolutionAlgorithm: .direct)), network,
      images: images)
    #expect(relativeDistance(first, direct) < 1e-5)
  }
}
