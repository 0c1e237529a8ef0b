import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// The gradients of selectors, learned steps, weights and images through the straight-through
/// mixture, against differences of a function written independently.
@Suite struct SelectorGradientTests {
  /// A selector and the candidates of outputs that have others than 2, 3 and 4 bits.
  struct Case: Sendable, CustomTestStringConvertible {
    var selector: BitSelector
    var bits: [String: [Int]] = [:]
    var testDescription: String { "\(selector.decider) \(bits)" }
  }

  /// Overrides with fewer candidates and with other widths; decisions at the first output, at a later
  /// one and at one whose bits are static (few, because the largest value lies on the edge of the
  /// best range for many, where the gradient is not defined).
  private static let cases = [
    Case(selector: .init(.perLayer)),
    Case(selector: .init(.perLayer, features: [.mean, .deviation], hidden: 3)),
    Case(selector: .init(.perLayer), bits: ["leaky": [4, 8], "relu2": [3]]),
    Case(selector: .init(LayerInputSelector())),
    Case(selector: .init(LayerInputSelector(distance: 1))),
    Case(
      selector: .init(LayerInputSelector(features: [.mean, .deviation], hidden: 3, distance: 1))),
    Case(
      selector: .init(LayerInputSelector(distance: 1)), bits: ["relu": [2, 4], "leaky": [4, 8]]),
    Case(selector: .init(LayerInputSelector()), bits: ["leaky": [5]]),
    Case(selector: .init(CADyQ(hidden: 0))), Case(selector: .init(CADyQ(hidden: 3))),
    Case(selector: .init(.perImage, hidden: 4)), Case(selector: .init(.perImage, hidden: 0)),
    Case(selector: .init(.perImage, hidden: 0, point: 1)),
    Case(selector: .init(.perImage, hidden: 0), bits: ["leaky": [4, 8]]),
    Case(selector: .init(.perImage, hidden: 3), bits: ["leaky": [2, 4], "relu2": [3, 5, 6]]),
    Case(selector: .init(.perImage, hidden: 0, point: 1), bits: ["relu": [5], "relu2": [3, 8]]),
    Case(selector: .init(.perImage, hidden: 0, point: 0), bits: ["relu": [5], "leaky": [3, 4]]),
  ]

  @Test(arguments: cases, [Float(0), 0.7])
  func mixture(_ test: Case, slope: Float) throws {
    let batch = 5
    var stream = RandomStream(seed: 12, "mixture")
    let images = stream.tensor([batch, 3, 3, 2])
    let target = stream.tensor([batch, 3])
    var student = try QuantizedNetwork(
      network: SelectorSurrogate.network(), quantizer: SelectorSurrogate.quantizer(bits: test.bits),
      selector: test.selector, seed: 1)
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
    if let kinds = (test.selector.decider as? CADyQ)?.image {
      surrogate.imageFeatures = Self.imageFeatures(images, kinds, student)
    } else {
      surrogate.imageFeatures = .init(repeating: [], count: batch)
    }
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
    let stepGradients = (0..<3).map { point in
      // LSQ's gradient scale: 1 / sqrt(elements * highest code).
      let elements = [18.0, 27, 18][point]
      return student.activationGrids[point].indices.map { candidate in
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
      for point in 0..<3 {
        check(response.activationStepGradient[point], stepGradients[point], "steps of \(point)")
      }
    }
  }

  private static func imageFeatures(
    _ images: Tensor, _ kinds: [ImageStatistic], _ student: QuantizedNetwork
  ) -> [[Double]] {
    (0..<images.rowCount).map { image in
      var features = [Float](repeating: 0, count: kinds.count)
      ImageFeatures(kinds, shape: images.rowShape).measure(
        images.row(image).elements, preprocessing: student.network.preprocessing, into: &features)
      return features.map(Double.init)
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
