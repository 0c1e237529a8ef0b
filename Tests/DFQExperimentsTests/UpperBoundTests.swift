import DFQExperiments
import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Upper bounds in recipes: what they share with students, and what they are refused for.
@Suite struct UpperBoundTests {
  private static let recipe = """
    version: 1
    name: bounds
    networks: [{name: tiny, model: tiny.safetensors}]
    images: [{name: noise, method: noise, count: 16}]
    students:
      - {name: W4A4, weightBits: 4, activationBits: 4, training: {steps: 3, imagesPerStep: 8}}
      - name: dynamic
        weightBits: 4
        activationBits: [4, 6]
        budget: 5
        training: {steps: 3, imagesPerStep: 8}
    upperBounds:
      - {name: real W4A4, student: W4A4, data: "cifar10:train.bin", limit: 16}
      - {name: real dynamic, student: dynamic, data: "cifar10:train.bin"}
    evaluations: [{name: test, data: "cifar10:test.bin", controls: [shuffled]}]
    """

  private func with(_ body: (Workshop) throws -> Void) throws {
    try Workshop.with { workshop in
      var bytes = try fileBytes(workshop.directory + "/test.bin")
      for index in bytes.indices where index % 3073 != 0 { bytes[index] = 255 - bytes[index] }
      try AtomicFile.write(bytes, to: workshop.directory + "/train.bin")
      try body(workshop)
    }
  }

  @Test func runs() throws {
    try with { workshop in
      let plan = try workshop.plan(UpperBoundTests.recipe)
      let bounds = plan.cells.filter { $0.kind == "upper bound" }
      #expect(bounds.count == 2 && bounds.allSatisfy { $0.inputs.isEmpty })
      // Its settings are the student's, and its key is not.
      let student = try #require(plan.cells.first { $0.kind == "student" })
      let same = try #require(bounds[0].identity["student"])
      #expect(same["quantizer"] == student.identity["quantizer"])
      #expect(same["training"] == student.identity["training"] && same["images"] == nil)
      let store = try workshop.store("store")
      let run = try ExperimentRun(plan, in: store, context: workshop.context)
      #expect(try run.run().results == 1 + 4)
      for cell in bounds {
        let path = "\(store.path)/artefacts/\(cell.key).safetensors"
        #expect(throws: QuantizationError.self) { try QuantizedNetwork(contentsOf: path) }
        #expect(throws: Never.self) { try UpperBoundStudent(contentsOf: path) }
      }
      let results = try store.results()
      func result(_ name: String) throws -> ResultRecord {
        try #require(results.first { $0.label.student == name })
      }
      #expect(try result("real W4A4").label.images == "cifar10:train.bin[16]")
      let real = try result("real dynamic")
      #expect(real.report?.decision != nil && real.syntheticDecision == nil)
      #expect(real.training?.isHeldOut == true && real.report?.controls.count == 1)
      #expect(try result("dynamic").syntheticDecision?.imageCount == 16)
      #expect(try result("W4A4").syntheticDecision == nil)
      // The report tells them apart and compares students with their bounds.
      let directory = workshop.directory + "/report"
      _ = try Report(of: store, to: directory, command: "report")
      func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
      }
      let summary = try text("summary.csv")
      #expect(summary.contains("real W4A4 (real images: upper bound),\"static, upper bound\""))
      let comparisons = try text("comparisons.csv")
      #expect(comparisons.contains("noise,W4A4,real W4A4 (real images: upper bound)"))
      #expect(comparisons.contains("noise,dynamic,real dynamic (real images: upper bound)"))
      let decisions = try text("decisions.csv").split(separator: "\n")
      #expect(decisions.count == 1 + 2 && decisions[0].contains("F1, synthetic"))
    }
  }

  /// Each line: what stands in place of a part of the recipe, and what the error must name.
  @Test(arguments: [
    (
      "evaluations:",
      "cascades: [{name: c, levels: [W4A4, real W4A4], budget: W4A4}]\nevaluations:",
      "\"real W4A4\" is an upper bound"
    ),
    (
      "evaluations:",
      "cascades: [{name: c, levels: [W4A4, dynamic], budget: real W4A4}]\nevaluations:",
      "\"real W4A4\" is an upper bound"
    ),
    ("cifar10:test.bin", "cifar10:train.bin", "other images than \"real W4A4\" is trained on"),
    ("student: W4A4,", "student: W4A5,", "no student is named \"W4A5\""),
    ("limit: 16", "limit: 0", "upperBounds[0].limit: at least 1 expected"),
    ("limit: 16", "limits: 16", "did you mean \"limit\"?"),
    ("name: real W4A4", "name: W4A4", "the name \"W4A4\" is used twice"),
  ])
  func mistakes(part: String, replacement: String, expected: String) throws {
    try with { workshop in
      let text = UpperBoundTests.recipe.replacing(part, with: replacement)
      #expect(text != UpperBoundTests.recipe)
      do {
        _ = try workshop.plan(text)
        Issue.record("\(replacement) was accepted")
      } catch {
        #expect("\(error)".contains(expected), "\(error)")
      }
    }
  }

  /// Where the evaluation does not measure the bound, it may be on the same images.
  @Test func otherStudentsOnTheSameImages() throws {
    try with { workshop in
      let text = UpperBoundTests.recipe.replacing(
        "data: \"cifar10:test.bin\",", with: "data: \"cifar10:train.bin\", students: [W4A4],")
      #expect(throws: Never.self) { try workshop.plan(text) }
    }
  }
}
