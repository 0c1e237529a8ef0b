import DFQTestSupport
import DynaDFQ
import Testing

/// A whole network of the operators of imported networks: what is kept for one gradient alone, and
/// threads.
@Suite struct OperatorGradientTests {
  @Test(arguments: [BatchNormMode.evaluation, .training])
  func oneGradientAlone(mode: BatchNormMode) throws {
    let network = try Network.tinyOperators()
    var stream = RandomStream(seed: 6)
    let images = stream.tensor([5, 8, 8, 3])
    let objective = SquaredDistance(target: stream.tensor([5, 4]), node: network.graph.output)
    func run(images wantsImages: Bool, parameters: Bool, threads: Int = 1) throws -> PassResult {
      try FloatExecutor(network, context: .init(threads: threads)).run(
        images,
        request: .init(
          mode: mode, imageObjectives: [objective], imageGradient: wantsImages,
          parameterGradient: parameters))
    }
    let both = try run(images: true, parameters: true)
    #expect(try run(images: true, parameters: false).imageGradient == both.imageGradient)
    #expect(try run(images: false, parameters: true).parameterGradient == both.parameterGradient)
    for threads in [2, 3] {
      let found = try run(images: true, parameters: true, threads: threads)
      #expect(found.imageGradient == both.imageGradient)
      #expect(found.parameterGradient == both.parameterGradient)
    }
  }

  /// One image by several threads together.
  @Test func oneImage() throws {
    let network = try Network.tinyOperators()
    var stream = RandomStream(seed: 7)
    let image = stream.tensor([1, 8, 8, 3])
    let logits = try [1, 2, 3].map {
      try FloatExecutor(network, context: .init(threads: $0)).logits(ofInputs: image)
    }
    #expect(logits[0] == logits[1] && logits[0] == logits[2])
  }
}
