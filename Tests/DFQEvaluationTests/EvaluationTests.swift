import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Reports on real images and the controls in them.
@Suite struct EvaluationTests {
  private static let context = ExecutionContext(threads: 2)

  private func student(_ selector: BitSelector = .init(.perLayer)) throws -> QuantizedNetwork {
    var student = try QuantizedNetwork(
      network: .tinyResNet(seed: 4),
      quantizer: Quantizer(weightBits: 4, activationBits: [2, 3, 5]),
      selector: selector, seed: 1)
    var stream = RandomStream(seed: 2)
    try student.calibrate(
      batches: [stream.tensor([16, 8, 8, 3])], context: EvaluationTests.context)
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = stream.normal()
    }
    return student
  }

  @Test func twiceTheSame() throws {
    let (student, images) = (try student(), CornerImages(count: 150))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let reports = try (0..<2).map { round in
      try encoder.encode(
        student.evaluate(
          on: images, teacher: student.network, controls: EvaluationReport.Control.allCases,
          seed: 5, context: .init(threads: round + 1)))
    }
    #expect(reports[0] == reports[1])
  }

  @Test(arguments: [BitSelector(.perLayer), BitSelector(.perImage, point: 1)])
  func controls(selector: BitSelector) throws {
    let (student, images) = (try student(selector), CornerImages(count: 150))
    let report = try student.evaluate(
      on: images, teacher: student.network, controls: EvaluationReport.Control.allCases,
      context: EvaluationTests.context)
    func policy(_ start: String) throws -> EvaluationReport.Policy {
      try #require(report.controls.first { $0.name.hasPrefix(start) })
    }
    let own = report.student
    #expect(own.difference == nil)
    // Shuffling rows keeps every mean; means are of doubles in another order.
    let shuffled = try policy("shuffled")
    let cost = shuffled.meanBitOPs + report.selectorBitOPs
    #expect(abs(cost / own.meanBitOPs - 1) < 1e-12)
    #expect(abs(shuffled.meanActivationBits / own.meanActivationBits - 1) < 1e-12)
    #expect(try policy("fixed").meanBitOPs <= own.meanBitOPs)
    // Random bits are drawn from all of the selector's: their mean, within five deviations.
    let evaluator = StudentEvaluator(student, context: EvaluationTests.context)
    let pool = try evaluator.run(images, policy: .selector).bits.flatMap { $0.map(Double.init) }
    let spread = Statistics.deviation(pool)
    #expect(spread > 0.1)
    let shares = student.costModel.shares.reduce(0) { $0 + $1 * $1 }
    #expect(
      abs(try policy("random").meanActivationBits - Statistics.mean(pool))
        < 5 * spread * (shares / 150).squareRoot())

    // The oracle's prediction is the smallest right candidate's, so it is right wherever one is.
    let runs = try [2, 3, 5].map { try evaluator.run(images, policy: .fixed($0)) }
    var hits = 0
    var oracleCost = 0.0
    for (image, label) in images.labels.enumerated() {
      let smallest = runs.firstIndex { $0.predictions[image] == label }
      hits += smallest == nil ? 0 : 1
      oracleCost += runs[smallest ?? 2].bitOPs[image] / 150
    }
    let oracle = try policy("oracle")
    #expect(oracle.accuracy == Double(hits) / 150)
    #expect(abs(oracle.meanBitOPs / oracleCost - 1) < 1e-12)
    for (candidate, bits) in [2, 3, 5].enumerated() {
      let uniform = try policy("all layers at \(bits)")
      #expect(uniform.accuracy == runs[candidate].share(equalTo: images.labels))
      #expect(uniform.meanBitOPs == runs[candidate].averageBitOPs)
    }
    // The other oracle costs no more than the student and is nearer to the float network than any
    // choice of uniform bits for all images at that cost.
    let bound = try policy("oracle (float")
    #expect(bound.kind == .klOracle && bound.meanBitOPs <= own.meanBitOPs)
    #expect(bound.meanBitOPs >= student.cheapestBitOPs * (1 - 1e-12))

    // What was decided, against a run at the lowest bits.
    let reference = try TeacherRun(student.network, images, context: EvaluationTests.context)
    let evaluation = try student.evaluation(
      on: images, reference: reference, context: EvaluationTests.context)
    let record = try #require(evaluation.decisions)
    #expect(record.scores == evaluation.meanBits)
    #expect(
      record.needsBits
        == runs[0].predictions.indices.map {
          runs[0].predictions[$0] != reference.predictions[$0]
        })
    #expect(record.gotMore == evaluation.meanBits.map { $0 > 2 })
    #expect(evaluation.report.decision == report.decision)
    #expect(report.decision?.entropyCorrelation == report.entropyCorrelation)
    #expect(report.decision?.divergenceCorrelation != nil)
    let same = try student.decisionQuality(
      ofInputs: student.network.inputs(images, at: 0..<150), classes: images.labels,
      teacher: student.network, context: EvaluationTests.context)
    #expect(same == report.decision)

    #expect(report.layers.count == student.outputs.count)
    for layer in report.layers { #expect(layer.histogram.values.reduce(0, +) == 150) }
  }

  /// Where two candidates lie far apart, the mean of positions is not the mean of costs.
  @Test func fixedControlNeverCostsMore() throws {
    for seed: UInt64 in 0..<4 {
      var student = try QuantizedNetwork(
        network: .tinyResNet(seed: 4),
        quantizer: Quantizer(weightBits: 4, activationBits: [2, 7, 8]), selector: nil, seed: 1)
      var stream = RandomStream(seed: seed)
      try student.calibrate(
        batches: [stream.tensor([16, 8, 8, 3])], context: EvaluationTests.context)
      // Biases, the last of each head's parameters, against the middle candidate.
      for index in student.selectorParameters.indices {
        student.selectorParameters[index] = 2 * stream.normal()
      }
      let report = try student.evaluate(
        on: CornerImages(count: 60), controls: [.fixed], context: EvaluationTests.context)
      #expect(report.controls[0].meanBitOPs <= report.meanBitOPs, "seed \(seed)")
    }
  }

  @Test func policies() throws {
    let student = try student()
    var stream = RandomStream(seed: 8)
    let images = stream.tensor([11, 8, 8, 3])
    let evaluator = StudentEvaluator(student, context: EvaluationTests.context)
    let points = student.placement.points.count
    for candidate in 0..<3 {
      let uniform = try evaluator.run(images, policy: .fixed([2, 3, 5][candidate]))
      let table = try evaluator.run(
        images, policy: .table(.init(repeating: UInt8(candidate), count: 11 * points)))
      #expect(uniform.logits == table.logits)
      #expect(uniform.bits.allSatisfy { $0.allSatisfy { $0 == [2, 3, 5][candidate] } })
      #expect(
        uniform.bitOPs.allSatisfy { $0 == student.bitOPs(activationBits: [2, 3, 5][candidate]) })
    }
    // A high price buys the lowest bits, a negative one the highest.
    let cheap = try evaluator.run(images, policy: .selector, price: 1e4)
    #expect(abs(cheap.averageBitOPs / student.cheapestBitOPs - 1) < 1e-9)
    let dear = try evaluator.run(images, policy: .selector, price: -1e4)
    #expect(dear.averageBitOPs > cheap.averageBitOPs)
  }

  @Test func whatCannotBeEvaluated() throws {
    let student = try student()
    #expect(throws: QuantizationError.noImages(what: "evaluation")) {
      _ = try student.evaluate(on: CornerImages(count: 0), teacher: student.network)
    }
    #expect(throws: QuantizationError.noImages(what: "classification")) {
      _ = try student.decisions(on: CornerImages(count: 0))
    }
    #expect(throws: QuantizationError.classCount(expected: 4, found: 3)) {
      _ = try student.evaluate(on: CornerImages(count: 6, classes: 3))
    }
  }

  @Test func staticStudent() throws {
    var student = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: Quantizer(weightBits: 8, activationBits: [8]),
      selector: .init(.perLayer), seed: 1)
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([40, 8, 8, 3])
    try student.calibrate(batches: [images], context: EvaluationTests.context)
    #expect(!student.isDynamic && student.selectorParameterCount == 0)
    let report = try student.evaluate(
      on: CornerImages(count: 20), controls: EvaluationReport.Control.allCases)
    #expect(report.controls.isEmpty && report.selectorBitOPs == 0 && report.decision == nil)
    #expect(report.bitsSpreadOverImages == 0)
    // 8 bits change logits by little: a hundredth of their size over eight layers.
    let logits = try FloatExecutor(student.network).logits(ofInputs: images).elements
    let found = try student.decisions(ofInputs: images).flatMap(\.logits)
    #expect(relativeDistance(found, logits) < 0.03)
  }

  @Test func rankCorrelation() throws {
    let found = try #require(Statistics.rankCorrelation([1, 2, 3, 4], [10, 20, 40, 30]))
    // 1 - 6 * 2 / (4 * 15).
    #expect(abs(found - 0.8) < 1e-12)
    #expect(Statistics.rankCorrelation([1, 1], [1, 2]) == nil)
    #expect(Statistics.deviation([1]) == 0 && Statistics.mean([]) == 0)
  }

  /// Logits that are not finite used to count as class 0.
  @Test func logitsThatAreNotFinite() throws {
    var student = try student()
    student.network.parameters.values = student.network.parameters.values.map { $0 * 3e38 }
    #expect(throws: QuantizationError.logitsNotFinite(what: "quantized network", images: 20)) {
      _ = try student.evaluate(on: CornerImages(count: 20), context: EvaluationTests.context)
    }
    var network = try Network.tinyResNet()
    network.parameters.values = network.parameters.values.map { $0 * 3e38 }
    #expect(throws: QuantizationError.logitsNotFinite(what: "full-precision network", images: 20)) {
      _ = try network.evaluate(on: CornerImages(count: 20), context: EvaluationTests.context)
    }
  }

  @Test func floatNetworks() throws {
    let network = try Network.tinyResNet(seed: 4)
    let images = CornerImages(count: 50)
    let report = try network.evaluate(on: images, context: EvaluationTests.context)
    let predictions = try FloatExecutor(network).logits(of: images).argmaxOfRows()
    let hits = zip(predictions, images.labels).filter { $0 == $1 }.count
    #expect(report.accuracy == Double(hits) / 50 && report.imageCount == 50)
    #expect(throws: QuantizationError.noImages(what: "evaluation")) {
      _ = try network.evaluate(on: CornerImages(count: 0))
    }
    #expect(throws: QuantizationError.classCount(expected: 4, found: 3)) {
      _ = try network.evaluate(on: CornerImages(count: 6, classes: 3))
    }
  }

  /// Outputs with other candidates than the rest: controls choose by bits, not by positions.
  @Test func controlsWithOverrides() throws {
    var student = try QuantizedNetwork(
      network: .tinyResNet(seed: 4),
      quantizer: Quantizer(
        weightBits: 4, activationBits: [3, 4, 5],
        overrides: [.init("layer2.0.conv1", activationBits: [4, 8])]),
      selector: .init(.perLayer), seed: 1)
    var stream = RandomStream(seed: 2)
    try student.calibrate(
      batches: [stream.tensor([16, 8, 8, 3])], context: EvaluationTests.context)
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = stream.normal()
    }
    let other = try #require(student.outputs.first { $0.bits == [4, 8] })
    let images = CornerImages(count: 60)
    let run = try StudentEvaluator(student, context: EvaluationTests.context).run(
      images, policy: .selector)
    let random = student.randomChoices(in: run, seed: 3)
    // 3 and 4 bits mean its 4, 5 and 8 its 8; with positions, its 8 would be as rare as 4 elsewhere.
    let pool = run.bits.flatMap { $0 }
    let expected = Double(pool.filter { $0 >= 5 }.count) / Double(pool.count)
    let points = student.outputs.count
    let found = Statistics.mean((0..<60).map { Double(random[$0 * points + other.index]) })
    // Three deviations of a share over 60 images.
    #expect(abs(found - expected) < 3 * (expected * (1 - expected) / 60).squareRoot() + 1e-9)
    let report = try student.evaluate(
      on: images, controls: EvaluationReport.Control.allCases, context: EvaluationTests.context)
    let uniform = report.controls.filter { $0.kind == .uniform }
    #expect(uniform.map(\.bits) == [3, 4, 5])
    #expect(uniform.map(\.meanBitOPs) == [3, 4, 5].map { student.bitOPs(activationBits: $0) })
    #expect(
      report.controls.map(\.kind)
        == [.fixed, .random, .shuffled, .uniform, .uniform, .uniform, .oracle])
    #expect(report.controls[0].meanBitOPs <= report.meanBitOPs)
  }

  @Test func fixedBits() throws {
    let (student, images) = (try student(), CornerImages(count: 30))
    let report = try student.evaluate(
      on: images, bits: .fixed(3), controls: [.shuffled], context: EvaluationTests.context)
    #expect(report.student.kind == .chosen && report.controls.isEmpty)
    #expect(report.meanBitOPs == student.bitOPs(activationBits: 3))
    #expect(report.layers.allSatisfy { $0.histogram == [3: 30] })
    let decisions = try student.decisions(
      on: images, bits: .fixed(3), context: EvaluationTests.context)
    #expect(decisions.allSatisfy { $0.className == "corner \($0.prediction)" })
    #expect(
      throws: QuantizationError.notACandidate(bits: 4, candidates: [2, 3, 5])
    ) { _ = try student.evaluate(on: images, bits: .fixed(4)) }
  }

  @Test func pairedDifferences() throws {
    let (student, images) = (try student(), CornerImages(count: 40))
    let own = try student.evaluation(on: images, context: EvaluationTests.context)
    let fixed = try student.evaluation(
      on: images, bits: .fixed(5), context: EvaluationTests.context)
    let difference = try own.accuracy(lessThatOf: fixed)
    #expect(abs(difference.mean - (own.report.accuracy - fixed.report.accuracy)) < 1e-12)
    let reverse = try fixed.accuracy(lessThatOf: own)
    #expect(reverse.mean == -difference.mean && reverse.interval == difference.interval)
    let other = try student.evaluation(
      on: CornerImages(count: 41), context: EvaluationTests.context)
    #expect(throws: QuantizationError.self) { _ = try own.accuracy(lessThatOf: other) }
  }

  @Test func cascadesAreComparedAtTheirWholeCost() throws {
    var student = try QuantizedNetwork(
      network: .tinyResNet(seed: 4),
      quantizer: Quantizer(weightBits: 4, activationBits: [2, 3, 5]),
      selector: .init(MarginCascade(levels: [2, 5], shares: [0.3])), seed: 1)
    var stream = RandomStream(seed: 2)
    let inputs = stream.tensor([50, 8, 8, 3])
    try student.calibrate(batches: [inputs], context: EvaluationTests.context)
    try student.fitSelector(on: inputs, context: EvaluationTests.context)
    let report = try student.evaluate(
      on: CornerImages(count: 80), controls: EvaluationReport.Control.allCases,
      context: EvaluationTests.context)
    let shuffled = try #require(report.controls.first { $0.kind == .shuffled })
    #expect(abs(shuffled.meanBitOPs / report.meanBitOPs - 1) < 1e-12)
    let fixed = try #require(report.controls.first { $0.kind == .fixed })
    #expect(fixed.meanBitOPs <= report.meanBitOPs)
    // The score is the margin of the first pass; those that pass twice got more.
    let images = CornerImages(count: 80)
    let reference = try TeacherRun(student.network, images, context: EvaluationTests.context)
    let evaluation = try student.evaluation(
      on: images, reference: reference, controls: [.klOracle], context: EvaluationTests.context)
    let first = try StudentEvaluator(student, context: EvaluationTests.context).run(
      images, policy: .fixed(2))
    let record = try #require(evaluation.decisions)
    #expect(
      record.scores == Confidence.margins(of: first.logits, classes: 4).map { -Double($0) })
    #expect(record.gotMore == evaluation.passes.map { $0 == 2 })
    let bound = try #require(evaluation.report.controls.last)
    #expect(bound.kind == .klOracle && bound.meanBitOPs <= evaluation.report.meanBitOPs)
  }

  private struct Stop: Error {}

  @Test func progressAndCancellation() async throws {
    let (student, images) = (try student(), CornerImages(count: 300))
    #expect(throws: Stop.self) {
      _ = try student.evaluate(on: images) { done, _ in if done > 100 { throw Stop() } }
    }
    let report = try await student.evaluate(on: images, context: EvaluationTests.context)
    #expect(report.imageCount == 300)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await student.evaluate(on: images)
    }
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }
}
