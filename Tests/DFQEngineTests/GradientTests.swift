import DFQTestSupport
import DynaDFQ
import Testing

/// Every layer's values and gradients against the double-precision reference, whose gradients are
/// central differences of step 1e-6.
@Suite struct GradientTests {
  /// The reference's loss: half the squared distance to the targets, mean over the batch.
  private struct Problem {
    let reference: ReferenceNetwork
    let node: Int
    let batch: Int
    let target: Tensor
    let training: Bool

    func values(_ images: [Double], _ parameters: [Double]) -> [[Double]] {
      reference.values(
        images: images, batch: batch, parameters: parameters, training: training)
    }

    func loss(_ images: [Double], _ parameters: [Double]) -> Double {
      zip(values(images, parameters)[node], target.elements).reduce(0) {
        $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) / 2
      } / Double(batch)
    }
  }

  @Test(arguments: LayerCase.all, [BatchNormMode.evaluation, .training])
  func layer(_ layer: LayerCase, mode: BatchNormMode) throws {
    let network = try layer.network()
    // Four shards, two of them with a group of two images.
    let batch = 6
    var stream = RandomStream(seed: 4, layer.description)
    let images = stream.tensor(Shape([batch] + layer.input.dimensions), deviation: 1.5)
    let output = network.graph.output
    let target = stream.tensor(
      Shape([batch] + network.graph.outputShape.dimensions), deviation: 0.5)
    let problem = Problem(
      reference: ReferenceNetwork(network.graph), node: output, batch: batch, target: target,
      training: mode == .training)
    let (x, p) = (images.elements.map(Double.init), network.parameters.values.map(Double.init))
    let expected = problem.values(x, p)[output].map { Float($0) }
    let loss = problem.loss(x, p)

    // One direction for the images and one for each learned parameter.
    var directions: [(name: String, range: Range<Int>?, values: [Float], derivative: Double)] = []
    func derivative(_ direction: [Float], images moves: Bool, at start: Int) -> Double {
      func moved(_ h: Double) -> Double {
        var (x, p) = (x, p)
        for (index, value) in direction.enumerated() {
          if moves { x[index] += h * Double(value) } else { p[start + index] += h * Double(value) }
        }
        return problem.loss(x, p)
      }
      return (moved(1e-6) - moved(-1e-6)) / 2e-6
    }
    let imageDirection = stream.normals(images.count)
    directions.append(
      ("images", nil, imageDirection, derivative(imageDirection, images: true, at: 0)))
    for entry in network.parameters.layout.entries where entry.role.isLearned {
      let direction = stream.normals(entry.range.count)
      directions.append(
        (
          entry.name, entry.range, direction,
          derivative(direction, images: false, at: entry.range.lowerBound)
        ))
    }

    for variant in ExecutionVariant.all {
      let name = variant.description
      let response = try Executor(plan: Plan(network.graph), context: variant.context).run(
        images: images, parameters: network.parameters.values,
        request: .init(
          mode: mode, imageObjectives: [SquaredDistance(target: target, node: output)],
          imageGradient: true, parameterGradient: true, outputs: [output]))
      // Single precision: about 1e-7 for each of up to a few hundred additions.
      #expect(relativeDistance(response.outputs[0].elements, expected) < 1e-5, "\(name)")
      #expect(abs(response.totalLoss / loss - 1) < 1e-5, "\(name)")
      for direction in directions {
        let gradient =
          direction.range.map { Array(response.parameterGradient[$0]) }
          ?? response.imageGradient!.elements
        let scale = (dot(gradient, gradient) * dot(direction.values, direction.values)).squareRoot()
        let error = abs(dot(gradient, direction.values) - direction.derivative)
        // Single precision, and the batch's own moments divide by small variances.
        #expect(error < 1e-4 * scale + 1e-6, "\(name): \(direction.name), \(error) of \(scale)")
      }
      for entry in network.parameters.layout.entries where !entry.role.isLearned {
        #expect(response.parameterGradient[entry.range].allSatisfy { $0 == 0 })
      }
    }
  }

  /// Asking for one gradient alone gives the same numbers as asking for both, pass after pass.
  @Test(arguments: [BatchNormMode.evaluation, .training])
  func oneGradientAlone(mode: BatchNormMode) throws {
    let network = try Network.tinyResNet(projection: true)
    var stream = RandomStream(seed: 6)
    let images = stream.tensor([5, 8, 8, 3])
    let objective = SquaredDistance(target: stream.tensor([5, 4]), node: network.graph.output)
    let executor = Executor(plan: Plan(network.graph), context: .init(threads: 1))
    func run(images wantsImages: Bool, parameters: Bool) throws -> PassResult {
      try executor.run(
        images: images, parameters: network.parameters.values,
        request: .init(
          mode: mode, imageObjectives: [objective], imageGradient: wantsImages,
          parameterGradient: parameters))
    }
    let both = try run(images: true, parameters: true)
    for _ in 0..<2 {
      #expect(try run(images: true, parameters: false).imageGradient == both.imageGradient)
      #expect(try run(images: false, parameters: true).parameterGradient == both.parameterGradient)
    }
  }
}
