import DFQExperiments
import DynaDFQ
import Testing

/// The cells that a recipe is multiplied out into.
@Suite struct PlanTests {
  @Test func cells() throws {
    try Workshop.with { workshop in
      let plan = try workshop.plan()
      func count(_ kind: String) -> Int { plan.cells.filter { $0.kind == kind }.count }
      // Two seeds of two image sets.
      #expect(count("images") == 4)
      // Two static students on two sets, a dynamic one and an ablation on one.
      #expect(count("student") == 2 * (2 * 2 + 1 + 1))
      #expect(count("cascade") == 2 * 2)
      #expect(count("teacher") == 1)
      #expect(count("evaluation") == 2 * (2 * 2 + 1 + 1 + 2))
      #expect(plan.evaluations.count == 2 * 8 + 2)
    }
  }

  /// Inputs come first, each artefact once, and nothing real leads to a student.
  @Test func order() throws {
    try Workshop.with { workshop in
      let plan = try workshop.plan()
      var seen = Set<String>()
      var kinds: [String: String] = [:]
      for cell in plan.cells {
        #expect(seen.isSuperset(of: cell.inputs))
        #expect(seen.insert(cell.key).inserted)
        kinds[cell.key] = cell.kind
        let inputs = Set(cell.inputs.map { kinds[$0] ?? "" })
        switch cell {
        case .images, .teacher, .upperBound: #expect(inputs.isEmpty)
        case .student: #expect(inputs == ["images"])
        case .cascade: #expect(inputs == ["images", "student"])
        case .evaluation: #expect(inputs.isSubset(of: ["student", "cascade", "teacher", "images"]))
        }
      }
    }
  }

  /// Entries that say the same share their work.
  @Test func sharing() throws {
    try Workshop.with { workshop in
      let twin = Workshop.recipe.replacing(
        "  - name: dynamic\n",
        with: """
            - {name: twin, weightBits: 4, activationBits: 4, training: {steps: 3, imagesPerStep: 8}}
            - name: dynamic

          """)
      let plan = try workshop.plan(twin)
      #expect(plan.cells.count == (try workshop.plan()).cells.count)
      #expect(plan.evaluations.count == 2 * 8 + 2 + 2 * 2)
    }
  }

  /// Kinds times strengths, named by them; the images as they are keep their keys.
  @Test func corruptions() throws {
    try Workshop.with { workshop in
      let added = """
          - name: worse
            data: "cifar10:test.bin"
            limit: 6
            corruption: {kind: [jpeg, contrast], strength: [1, 5]}
          - each: {students: [[W4A4], [cascade]]}
            name: blurred {students}
            data: "cifar10:test.bin"
            corruption: {kind: gaussianBlur, strength: 2}

        """
      let plain = try workshop.plan()
      let plan = try workshop.plan(Workshop.recipe + "\n" + added)
      let keys = Set(plan.cells.map(\.key))
      #expect(plain.cells.allSatisfy { keys.contains($0.key) })
      let names = Set(plan.evaluations.compactMap(\.label.evaluation))
      #expect(
        names == [
          "test", "worse, jpeg 1", "worse, jpeg 5", "worse, contrast 1", "worse, contrast 5",
          "blurred W4A4, gaussianBlur 2", "blurred cascade, gaussianBlur 2",
        ])
      let teachers = plan.cells.filter { $0.kind == "teacher" }
      #expect(teachers.count == 1 + 4 + 1)
      let kinds = teachers.compactMap { $0.identity["corruption"]?["kind"]?.text }
      #expect(kinds.filter { $0 == "\"jpeg\"" }.count == 2 && kinds.count == 5)
    }
  }

  @Test func seedOfAnEntry() throws {
    try Workshop.with { workshop in
      let text = Workshop.recipe.replacing("method: noise,", with: "method: noise, seed: 7,")
      let plan = try workshop.plan(text)
      #expect(plan.cells.filter { $0.kind == "images" }.count == 3)
    }
  }
}
