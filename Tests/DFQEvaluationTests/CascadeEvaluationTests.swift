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
    #expect(report.controls.map(\.kind) == [.shuffled, .oracle])
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
  }
}
