import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// The gradients of selectors, learned steps, weights and images through the straight-through
/// mixture, against differences of a function written independently.
@Suite struct SelectorGradientTests {
  private static let selectors = [
    BitSelector(.perLayer), BitSelector(.perLayer, features: [.mean, .deviation], hidden: 3),
    BitSelector(.perImage, hidden: 4, point: 0), BitSelector(.perImage, hidden: 0, point: 0),
  ]

  @Test(arguments: selectors, [Float(0), 0.7])
  func mixture(selector: BitSelector, slope: Float) throws {
    let batch = 5
    var stream = RandomStream(seed: 12, "mixture")
    let images = stream.tensor([batch, 3, 3, 2])
    let target = stream.tensor([batch, 3])
    var student = try QuantizedNetwork(
      network: SelectorSurrogate.network(),
      quantizer: Quantizer(
        weightBits: 4, activationBits: [2, 3, 4],
        overrides: [.init("conv", ignored: true), .init("fc", ignored: true)]),
      selector: selector, seed: 1)
    try student.calibrate(batches: [images], context: .init(threads: 1))
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = 0.8 * stream.normal()
    }
    student.bitPrice = 0.1

    let output = student.network.graph.output
    let surrogate = SelectorSurrogate(student, batch: batch, target: target, slope: Double(slope))
    let start = SelectorSurrogate.Variables(
      images: images.elements.map(Double.init),
      parameters: student.network.parameters.values.map(Double.init),
      selector: student.selectorParameters.map(Double.init),
      logSteps: student.activationGrids.map { $0.map { -log(Double($0.levelsPerUnit)) } })
    let value = surrogate.loss(start)
    func derivative(_ move: (inout SelectorSurrogate.Variables, Double) -> Void) -> Double {
      var (ahead, behind) = (start, start)
      move(&ahead, 1e-6)
      move(&behind, -1e-6)
      return (surrogate.loss(ahead) - surrogate.loss(behind)) / 2e-6
    }
    let selectorGradient = start.selector.indices.map { index in
      derivative { $0.selector[index] += $1 }
    }
    let parameterGradient = start.parameters.indices.map { index in
      derivative { $0.parameters[index] += $1 }
    }
    let imageGradient = start.images.indices.map { index in
      derivative { $0.images[index] += $1 }
    }
    let stepGradients = (0..<2).map { point in
      // LSQ's gradient scale: 1 / sqrt(elements * highest code).
      let elements = [18.0, 27][point]
      return (0..<3).map { candidate in
        derivative { $0.logSteps[point][candidate] += $1 }
          / (elements * Double(student.activationGrids[point][candidate].highest)).squareRoot()
      }
    }

    for variant in ExecutionVariant.all {
      let response = try StudentExecutor(student, context: variant.context).run(
        student, images: images,
        request: .init(
          imageObjectives: [SquaredDistance(target: target, node: output)], imageGradient: true,
          parameterGradient: true),
        trainsSelector: true, budgetSlope: slope)
      #expect(response.choices.map(Int.init) == surrogate.choices.flatMap { $0 })
      let bits = slope == 0 ? value : response.pass.totalLoss
      #expect(abs(response.pass.totalLoss / bits - 1) < 1e-5)
      func check(_ found: [Float], _ expected: [Double], _ what: String) {
        #expect(expected.contains { abs($0) > 1e-6 }, "\(what)")
        // Single precision through four layers.
        #expect(
          relativeDistance(found, expected.map { Float($0) }) < 1e-4, "\(what), \(variant)")
      }
      check(response.selectorGradient, selectorGradient, "selector")
      check(response.parameterGradient, parameterGradient, "weights")
      check(response.pass.imageGradient!.elements, imageGradient, "images")
      for point in 0..<2 {
        check(response.activationStepGradient[point], stepGradients[point], "steps of \(point)")
      }
    }
  }

  /// The same bits for any number of threads and with images whose choices differ.
  @Test func threads() throws {
    var stream = RandomStream(seed: 13)
    let images = stream.tensor([13, 8, 8, 3])
    var student = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: Quantizer(weightBits: 3, activationBits: [2, 3, 4]),
      selector: .init(.perLayer), seed: 1)
    try student.calibrate(batches: [images], context: .init(threads: 1))
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = stream.normal()
    }
    let objective = SquaredDistance(
      target: stream.tensor([13, 4]), node: student.network.graph.output)
    let results = try [1, 2, 3].map { threads in
      let response = try StudentExecutor(student, context: .init(threads: threads)).run(
        student, images: images,
        request: .init(imageObjectives: [objective], imageGradient: true, parameterGradient: true),
        trainsSelector: true, budgetSlope: 0.1)
      return response.selectorGradient + response.parameterGradient
        + response.weightStepGradient.flatMap { $0 }
        + response.activationStepGradient.flatMap { $0 } + response.pass.imageGradient!.elements
        + response.bits.flatMap { $0 }.map { Float($0) }
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
    #expect(results[0].allSatisfy { $0.isFinite })
  }
}
