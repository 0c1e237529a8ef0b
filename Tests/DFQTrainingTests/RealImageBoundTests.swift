import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Students that are trained on real images: the same procedure, and nothing that takes them for more.
@Suite struct RealImageBoundTests {
  private let images = CornerImages(count: 40)

  private func bound(bits: [Int] = [3]) throws -> RealImageBound {
    RealImageBound(try TinyTrainer.student(bits: bits, budget: bits.count > 1 ? 3 : nil))
  }

  /// The bits that the trainer gives for the same numbers.
  @Test(arguments: [[3], [2, 3, 4]]) func sameProcedure(bits: [Int]) throws {
    let bound = try bound(bits: bits)
    let teacher = bound.trainer.teacher
    var steps: [Int] = []
    let student = try bound.train(onReal: images) { steps.append($0.step) }
    #expect(steps == Array(1...12) && student.isDynamic == (bits.count > 1))
    #expect(student.dataset == images.name && student.imageCount == 40)
    let set = SyntheticImages(
      images: try teacher.inputs(images, at: 0..<40),
      labels: try .oneHot(images.labels, classCount: 4),
      isEasy: [Bool](repeating: true, count: 40), anchors: images.labels,
      difficulty: [Difficulty](
        repeating: Difficulty(labelEntropy: 0, predictionEntropy: 0, gradientNorm: 0), count: 40))
    let expected = try bound.trainer.train(on: set)
    #expect(try student.student.bytes() == expected.bytes())
    let summary = try bound.summary(of: student, onReal: images)
    #expect(summary.isHeldOut && summary.imageCount == 4)
    let report = try student.evaluate(on: CornerImages(count: 20), teacher: teacher)
    #expect(report.imageCount == 20 && (report.decision != nil) == student.isDynamic)
  }

  /// What is written comes back whole, and no other reader takes it.
  @Test func files() throws {
    try withTemporaryDirectory { directory in
      let bound = try bound()
      let student = try bound.train(onReal: images)
      let path = directory + "/bound.safetensors"
      try student.write(to: path)
      let again = try UpperBoundStudent(contentsOf: path)
      #expect(again.dataset == student.dataset && again.imageCount == 40)
      #expect(try again.student.bytes() == student.student.bytes())
      #expect(
        throws: QuantizationError.badStudent(
          path: path, expected: "metadata format \"dynadfq student 1\"",
          found: "dynadfq upper bound 1")
      ) { try QuantizedNetwork(contentsOf: path) }
      #expect(throws: QuantizationError.self) { try StudentCascade(contentsOf: path) }
      #expect(throws: SynthesisError.self) { try SyntheticImages(contentsOf: path) }
      #expect(throws: (any Error).self) {
        try Network(SafetensorsFile(contentsOf: path), path: path)
      }
      let file = try SafetensorsFile(contentsOf: path)
      #expect(!QuantizedNetwork.isStored(in: file) && !StudentCascade.isStored(in: file))
      #expect(UpperBoundStudent.isStored(in: file))
      // A student's file is no upper bound.
      let own = directory + "/student.safetensors"
      try bound.trainer.calibrate(
        on: .noise(count: 16, for: bound.trainer.teacher, seed: 1)
      ).write(to: own)
      #expect(throws: QuantizationError.self) { try UpperBoundStudent(contentsOf: own) }
    }
  }

  /// A cascade's file into which the upper bound was put by hand.
  @Test func levels() throws {
    let bound = try bound()
    let noise = try SyntheticImages.noise(count: 16, for: bound.trainer.teacher, seed: 1)
    let level = try bound.trainer.calibrate(on: noise)
    var file = try StudentCascade(levels: [level, level], thresholds: [1], shares: [0.5]).file()
    let foreign = try bound.train(onReal: images).file()
    file.metadata["level.0"] = String(
      decoding: try JSONEncoder().encode(foreign.metadata), as: UTF8.self)
    #expect(throws: QuantizationError.self) { try StudentCascade(file, path: "cascade") }
  }

  @Test func whatDoesNotFit() throws {
    let bound = try bound()
    #expect(throws: QuantizationError.noImages(what: "training")) {
      try bound.train(onReal: CornerImages(count: 0))
    }
    #expect(throws: TrainingError.self) {
      try bound.train(onReal: CornerImages(count: 8, classes: 3))
    }
  }
}
