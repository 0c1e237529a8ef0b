import DFQTestSupport
import DynaDFQ
import Testing

/// Reports of cascades and their controls.
@Suite struct CascadeEvaluationTests {
  private static let context = ExecutionContext(threads: 2)

  private func student(_ bits: Int) throws -> QuantizedNetwork {
    var student = try QuantizedNetwork(
      network: .tinyResNet(seed: 4),
      quantizer: Quantizer(weightBits: bits, activationBits: [bits]))
    var stream = RandomStream(seed: 2)
    try student.calibrate(
      batches: [stream.tensor([16, 8, 8, 3])], context: CascadeEvaluationTests.context)
    return student
  }

  @Test func controls() throws {
    let levels = [try student(2), try student(6)]
    let images = CornerImages(count: 150)
    let teacher = try TeacherRun(levels[0].network, images, context: CascadeEvaluationTests.context)
    let runs = try levels.map {
      try StudentEvaluator($0, context: CascadeEvaluationTests.context).run(
        images, policy: .selector)
    }
    // The median margin: half of the images continue.
    let margins = Confidence.margins(
      of: runs[0].logits, classes: levels[0].network.classCount)
    let cascade = try StudentCascade(
      levels: levels, thresholds: [margins.sorted()[75]], shares: [0.5])
    let plain = try cascade.evaluation(
      on: images, reference: teacher, context: CascadeEvaluationTests.context)
    let full = try cascade.evaluation(
      on: images, reference: teacher, controls: EvaluationReport.Control.allCases, seed: 3,
      context: CascadeEvaluationTests.context)
    // Controls change nothing of the cascade's own run.
    #expect(plain.run.predictions == full.run.predictions)
    #expect(plain.run.bitOPs == full.run.bitOPs)
    #expect(plain.evaluation.report.controls.isEmpty)
    #expect(full.run.lastLevels.filter { $0 == 1 }.count == 75)

    let report = full.evaluation.report
    let short = try cascade.evaluate(
      on: images, teacher: levels[0].network, controls: EvaluationReport.Control.allCases, seed: 3,
      context: CascadeEvaluationTests.context)
    #expect(short.accuracy == report.accuracy)
    #expect(short.student.meanBitOPs == report.student.meanBitOPs)
    #expect(short.controls.map(\.accuracy) == report.controls.map(\.accuracy))
    #expect(report.controls.map(\.kind) == [.shuffled, .oracle, .klOracle])
    let shuffled = full.evaluation.controls[0]
    // The same costs, dealt to other images.
    #expect(shuffled.bitOPs.sorted() == full.run.bitOPs.sorted())
    #expect(shuffled.bitOPs != full.run.bitOPs)
    for image in 0..<150 {
      let level = shuffled.bitOPs[image] > runs[0].bitOPs[image] ? 1 : 0
      #expect(shuffled.predictions[image] == runs[level].predictions[image])
    }
    // Bits and both costs of a control are its own.
    #expect(
      full.evaluation.controls[1].meanBits.reduce(0, +)
        == report.controls[1].meanActivationBits * 150)
    let highs = full.evaluation.controls[1].meanBits.filter { $0 == runs[1].meanBits[0] }.count
    #expect(highs > 0 && highs != 75)
    #expect(abs(report.controls[0].familyBitOPs / report.student.familyBitOPs - 1) < 1e-12)
    #expect(report.controls[1].familyBitOPs < report.controls[1].meanBitOPs)
    // The oracle is right where any level is.
    let right = images.labels.indices.map { image in
      runs.contains { $0.predictions[image] == images.labels[image] }
    }
    let oracle = full.evaluation.controls[1]
    #expect(
      zip(oracle.predictions, images.labels).map { $0 == $1 } == right)
    #expect(report.controls[1].accuracy >= report.accuracy)

    // The other oracle has the cascade's own costs and the images that gain most.
    let bound = full.evaluation.controls[2]
    #expect(bound.bitOPs.sorted() == full.run.bitOPs.sorted())
    #expect(report.controls[2].meanBitOPs == report.meanBitOPs)
    let classes = levels[0].network.classCount
    let far = runs.map { Divergence.between($0.logits, and: teacher.logits, classes: classes) }
    let gains = zip(far[0], far[1]).map { $0 - $1 }
    let least = gains.sorted(by: >)[74]
    for image in 0..<150 {
      #expect((bound.bitOPs[image] > runs[0].bitOPs[image]) == (gains[image] >= least))
    }
  }

  /// The table of a cascade's decisions against counts by hand.
  @Test func decisions() throws {
    let levels = [try student(2), try student(6)]
    let images = CornerImages(count: 90)
    let context = CascadeEvaluationTests.context
    let teacher = try TeacherRun(levels[0].network, images, context: context)
    let first = try StudentEvaluator(levels[0], context: context).run(images, policy: .selector)
    let classes = levels[0].network.classCount
    let margins = Confidence.margins(of: first.logits, classes: classes)
    let cascade = try StudentCascade(
      levels: levels, thresholds: [margins.sorted()[30]], shares: [1.0 / 3])
    let evaluation = try cascade.evaluation(on: images, reference: teacher, context: context)
    #expect(evaluation.run.firstLogits == first.logits)
    let record = try #require(evaluation.evaluation.decisions)
    #expect(record.needsBits == zip(first.predictions, teacher.predictions).map { $0 != $1 })
    #expect(record.gotMore == margins.map { $0 < margins.sorted()[30] })
    #expect(record.scores == margins.map { -Double($0) })
    let quality = try #require(evaluation.evaluation.report.decision)
    #expect(quality.givenCount == 30 && quality.imageCount == 90)
    let needed = record.needsBits.filter { $0 }.count
    #expect(quality.neededCount == needed && needed > 0)
    // Inputs that are no real images give the same.
    let inputs = try levels[0].network.inputs(images, at: 0..<90)
    let same = try cascade.decisionQuality(
      ofInputs: inputs, classes: images.labels, teacher: levels[0].network, context: context)
    #expect(same == quality)
    // Without the float network's logits there is no divergence and no oracle by it.
    let poor = try TeacherRun(predictions: teacher.predictions, entropies: teacher.entropies)
    let less = try cascade.evaluation(
      on: images, reference: poor, controls: [.klOracle], context: context
    ).evaluation.report
    #expect(less.controls.isEmpty && less.decision?.divergenceCorrelation == nil)
    #expect(less.decision?.areaUnderROC == quality.areaUnderROC)
    #expect(throws: QuantizationError.self) {
      try TeacherRun(predictions: [0, 1], entropies: [0, 0], logits: [1, 2, 3])
    }
  }
}
