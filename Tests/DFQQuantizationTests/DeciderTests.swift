import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Deciders and ways of rounding written outside of the library, and the cascade of two passes.
@Suite struct DeciderTests {
  private static let context = ExecutionContext(threads: 2)
  private static let quantizer = Quantizer(weightBits: 4, activationBits: [3, 4, 5])

  /// One decision at an output, for all later ones: few bits where the mean standardized deviation of
  /// its channels is below a threshold, many where it is above.
  struct Thresholds: BitDecider {
    static var kind: String { "thresholds" }
    var output: Int
    var threshold: Float
    var learning: DeciderLearning { .fitted }

    func sites(in setting: DecisionSetting) -> [DecisionSite] {
      [
        DecisionSite(
          at: setting.outputs[output],
          governs: setting.outputs.filter { $0.isDynamic && $0.index > output }.map(\.index),
          candidates: [setting.candidates.first!, setting.candidates.last!],
          statistics: [.deviation], positions: 4)
      ]
    }
    func parameterCount(at site: DecisionSite) -> Int { 1 }
    func initialParameters(at site: DecisionSite, seed: UInt64) -> [Float] { [threshold] }
    func scores(_ input: DecisionInput, into scores: UnsafeMutableBufferPointer<Float>) {
      let mean = input.features.reduce(0, +) / Float(input.features.count)
      scores[0] = input.parameters[0] - mean
      scores[1] = mean - input.parameters[0]
    }
    func macs(at site: DecisionSite) -> Int { site.featureCount }
    /// The median of the statistic.
    func fit(_ parameters: inout [Float], to measurements: DeciderMeasurements) {
      let features = measurements.features[0]
      let means = (0..<features.rowCount).map { row in
        features.row(row).elements.reduce(0, +) / Float(features.shape[1])
      }.sorted()
      parameters[0] = (means[means.count / 2 - 1] + means[means.count / 2]) / 2
    }
  }

  private func student(
    _ selector: BitSelector, quantizer: Quantizer = quantizer
  ) throws -> (QuantizedNetwork, Tensor) {
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([40, 8, 8, 3])
    var student = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: quantizer, selector: selector, seed: 1)
    try student.calibrate(batches: [images], context: DeciderTests.context)
    return (student, images)
  }

  @Test func anOwnDecider() throws {
    var (student, images) = try student(.init(Thresholds(output: 1, threshold: -100)))
    func low() throws -> Int {
      try student.decisions(ofInputs: images, context: DeciderTests.context).filter {
        $0.bits.dropFirst(2).allSatisfy { $0 == 3 }
      }.count
    }
    #expect(try low() == 0)
    try student.fitSelector(on: images, context: DeciderTests.context)
    #expect(try low() == 20)
    // Its features and one multiplication for each of them.
    let channels = student.outputs[1].shape.dimensions.last!
    #expect(student.selectorBitOPs == Double(2 * channels * 16 * 64 + channels * 1024))
    // A higher price moves images to few bits.
    let evaluator = StudentEvaluator(student, context: DeciderTests.context)
    let costs = try [Float(-10), 0, 10].map {
      try evaluator.run(images, policy: .selector, price: $0).averageBitOPs
    }
    #expect(costs[0] > costs[1] && costs[1] > costs[2])

    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("decider-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try student.write(to: path)
    let read = try QuantizedNetwork(contentsOf: path, deciders: [Thresholds.self])
    #expect(read.selector == student.selector)
    #expect(
      try read.decisions(ofInputs: images, context: DeciderTests.context)
        == student.decisions(ofInputs: images, context: DeciderTests.context))
    #expect(throws: QuantizationError.self) { _ = try QuantizedNetwork(contentsOf: path) }
  }

  @Test func measurements() throws {
    let (student, images) = try student(.init(Thresholds(output: 1, threshold: 0)))
    let teacher = try FloatExecutor(student.network).logits(ofInputs: images)
    let found = try StudentEvaluator(student, context: DeciderTests.context).measurements(
      images, teacherLogits: teacher)
    #expect(found.bits == [3, 5].map { .init(repeating: $0, count: student.outputs.count) })
    #expect(found.bitOPs == [3, 5].map { student.bitOPs(activationBits: $0) })
    #expect(found.logits.map(\.shape) == [[40, 4], [40, 4]])
    let channels = student.outputs[1].shape.dimensions.last!
    #expect(found.features.map(\.shape) == [[40, channels]])
    // Standardized over these images at calibration, where the output before this one was not
    // quantized yet: a tenth of a deviation.
    for channel in 0..<channels {
      let mean = (0..<40).reduce(Float(0)) { $0 + found.features[0][$1 * channels + channel] } / 40
      #expect(abs(mean) < 0.1)
    }
  }

  @Test func cascade() throws {
    let cascade = MarginCascade(levels: [3, 5], shares: [0.25])
    var (student, images) = try student(.init(cascade))
    func decisions() throws -> [ImageDecision] {
      try student.decisions(ofInputs: images, context: DeciderTests.context)
    }
    #expect(try decisions().allSatisfy { $0.passes == 1 && $0.bits.allSatisfy { $0 == 3 } })
    try student.fitSelector(on: images, context: DeciderTests.context)
    let found = try decisions()
    #expect(found.filter { $0.passes == 2 }.count == 10)
    let low = try student.decisions(ofInputs: images, bits: .fixed(3))
    let high = try student.decisions(ofInputs: images, bits: .fixed(5))
    func margin(_ logits: [Float]) -> Float {
      let sorted = logits.sorted(by: >)
      return sorted[0] - sorted[1]
    }
    let again = found.indices.filter { found[$0].passes == 2 }
    for image in found.indices {
      let isAgain = again.contains(image)
      #expect(found[image].logits == (isAgain ? high : low)[image].logits)
      #expect(found[image].bits.allSatisfy { $0 == (isAgain ? 5 : 3) })
      // The first pass is paid, too.
      #expect(
        found[image].bitOPs == low[image].bitOPs + (isAgain ? high[image].bitOPs : 0))
      for other in again where !isAgain {
        #expect(margin(low[image].logits) >= margin(low[other].logits))
      }
    }
    #expect(student.cheapestBitOPs == low[0].bitOPs)
    #expect(student.dearestBitOPs == low[0].bitOPs + high[0].bitOPs)
    // One image decides as in a batch.
    for image in [0, again[0]] {
      let single = try student.decisions(ofInputs: images.rows(image..<image + 1))
      #expect(single[0] == found[image])
    }
    // A price lowers the threshold, so a budget can be met.
    let evaluator = StudentEvaluator(student, context: DeciderTests.context)
    let costs = try [Float(-1000), 0, 1000].map {
      try evaluator.run(images, policy: .selector, price: $0).averageBitOPs
    }
    #expect(costs[0] == student.dearestBitOPs && costs[2] == student.cheapestBitOPs)
    #expect(costs[1] == found.reduce(0) { $0 + $1.bitOPs } / 40)
  }

  @Test func cascadeOfThree() throws {
    var (student, images) = try student(
      .init(MarginCascade(levels: [3, 4, 5], shares: [0.5, 0.1])))
    try student.fitSelector(on: images, context: DeciderTests.context)
    let passes = try student.decisions(ofInputs: images, context: DeciderTests.context).map(
      \.passes)
    #expect((1...3).map { pass in passes.filter { $0 == pass }.count } == [20, 16, 4])
    let bytes = try student.file().encoded()
    let read = try QuantizedNetwork(SafetensorsFile(decoding: bytes), path: "memory")
    #expect(
      try read.decisions(ofInputs: images, context: DeciderTests.context).map(\.passes) == passes)
    // Training explores whole levels.
    let table = student.randomChoices(images: 30) { $0 - 1 }
    #expect(table == .init(repeating: 2, count: 30 * student.outputs.count))
  }

  /// Towards zero: a way of rounding in one file.
  struct Truncation: WeightRounding {
    static var kind: String { "truncation" }
    func round(_ layer: RoundedLayer, values: UnsafeMutableBufferPointer<Float>) {
      for index in values.indices {
        let grid = layer.grid(of: index)
        let code = (values[index] * grid.levelsPerUnit - grid.zero).rounded(.towardZero)
        values[index] = grid.value(Int(min(max(code, grid.lowest), grid.highest)))
      }
    }
    func backward(
      _ layer: RoundedLayer, gradient: UnsafeMutableBufferPointer<Float>
    ) -> [Float] {
      [Float](repeating: 0.5, count: layer.grids.count)
    }
  }

  @Test func anOwnRounding() throws {
    var quantizer = DeciderTests.quantizer
    #expect(try JSONEncoder().encode(quantizer).range(of: Data("rounding".utf8)) == nil)
    quantizer.rounding = Rounding(Truncation())
    #expect(quantizer != DeciderTests.quantizer)
    let (student, images) = try student(.init(.perLayer), quantizer: quantizer)
    let nearest = try self.student(.init(.perLayer)).0
    let codes = try student.integerWeights(of: "layer1.0.conv1").codes
    let usual = try nearest.integerWeights(of: "layer1.0.conv1").codes
    #expect(codes != usual)
    #expect(zip(codes, usual).allSatisfy { abs($0) <= abs($1) })
    let executor = StudentExecutor(student, context: DeciderTests.context)
    let effective = executor.effectiveWeights(student).values
    let range = try #require(
      student.network.parameters.layout.entry(named: "layer1.0.conv1.weight")
    ).range
    let dequantized = try student.integerWeights(of: "layer1.0.conv1").dequantized.elements
    #expect(relativeDistance(dequantized, Array(effective[range])) < 1e-6)
    let response = try executor.run(
      student, images: images,
      request: .init(
        imageObjectives: [
          SquaredDistance(
            target: Tensor(shape: [40, 4]), node: student.network.graph.output)
        ], parameterGradient: true))
    #expect(response.weightStepGradient.map(\.count) == student.weightSteps.map(\.count))
    #expect(response.weightStepGradient.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0 == 0.5 } })
    let bytes = try student.file().encoded()
    let file = try SafetensorsFile(decoding: bytes)
    let read = try QuantizedNetwork(file, path: "memory", roundings: [Truncation.self])
    #expect(read.quantizer == quantizer)
    #expect(try read.integerWeights(of: "layer1.0.conv1").codes == codes)
    #expect(throws: QuantizationError.self) { _ = try QuantizedNetwork(file, path: "memory") }
  }
}
