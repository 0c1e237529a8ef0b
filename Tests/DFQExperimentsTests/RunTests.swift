import DFQExperiments
import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

/// Runs of a small recipe: complete, resumed, in parallel, renamed.
@Suite struct RunTests {
  @Test func completeRunAndReuse() throws {
    try Workshop.with { workshop in
      let plan = try workshop.plan()
      let store = try workshop.store("store")
      let run = try ExperimentRun(plan, in: store, context: workshop.context)
      let first = try run.run()
      #expect(first.finished == plan.cells.count && first.results == 17)
      let before = try workshop.contents(store)
      let second = try run.run()
      #expect(second.finished == 0 && second.results == 0)
      let after = try workshop.contents(store)
      #expect(before == after)
      // What is lost is made again, and only that.
      let lost = try #require(plan.cells.first { $0.kind == "cascade" })
      for key in [lost.key] + plan.cells.filter({ $0.inputs.contains(lost.key) }).map(\.key) {
        for suffix in [".safetensors", ".images.safetensors"] {
          try? FileManager.default.removeItem(atPath: "\(store.path)/artefacts/\(key)\(suffix)")
        }
      }
      #expect(try run.run().finished == 2)
      #expect(try workshop.contents(store).files == before.files)
    }
  }

  /// The same bytes on one thread and on two, at most the uniform student's cost, and a cascade of it.
  @Test func allocatedStudents() throws {
    try Workshop.with { workshop in
      let text = """
        version: 1
        name: allocated
        networks: [{name: tiny, model: tiny.safetensors}]
        images: [{name: noise, method: noise, count: 16}]
        students:
          - name: W3A3
            weightBits: 3
            activationBits: 3
            training: {steps: 0}
          - name: mixed {allocation.share}
            each: {allocation.share: [0.8, 1]}
            weightBits: 3
            activationBits: 3
            allocation: {weightBits: [2, 3, 4], activationBits: [2, 4], imageCount: 8}
            training: {steps: 2, imagesPerStep: 8}
        cascades: [{name: cascade, levels: [mixed 0.8, mixed 1], budget: W3A3}]
        evaluations: [{name: test, data: "cifar10:test.bin"}]
        """
      var workshop = workshop
      var files: [[String: String]] = []
      for threads in [1, 2] {
        workshop.context = ExecutionContext(threads: threads)
        let store = try workshop.store("store \(threads)")
        let plan = try workshop.plan(text)
        try ExperimentRun(plan, in: store, context: workshop.context).run()
        files.append(try workshop.contents(store).files.filter { !$0.key.hasSuffix(".json") })
        guard threads == 2 else { continue }
        let students = try plan.cells.filter { $0.kind == "student" }.map {
          try QuantizedNetwork(contentsOf: "\(store.path)/artefacts/\($0.key).safetensors")
        }
        let costs = students.map(\.dearestBitOPs)
        #expect(costs[1] <= 0.8 * costs[0] && costs[2] <= costs[0] && costs[1] < costs[2])
        #expect(Set(students[2].layers.flatMap(\.weightBits)).isSubset(of: [2, 3, 4]))
        #expect(Set(students[2].layers.flatMap(\.weightBits)).count > 1)
      }
      #expect(files[0] == files[1])
      let bound =
        text + "\nupperBounds: [{name: bound, student: mixed 1, data: \"cifar10:test.bin\"}]"
      #expect {
        _ = try workshop.plan(bound)
      } throws: {
        "\($0)".contains("a student whose bits are not allocated")
      }
    }
  }

  /// A generator learns on beside each student: the same bytes on one thread and on two, whole and in
  /// parts.
  @Test func generators() throws {
    struct Stop: Error {}
    let text = """
      version: 1
      name: generators
      networks: [{name: tiny, model: tiny.safetensors}]
      images:
        - {name: g, method: gdfq, count: 8, channels: 4, noiseLength: 3, imagesPerStep: 8, warmUpSteps: 2}
        - {name: q, method: qimera, count: 8, channels: 4, imagesPerStep: 8, warmUpSteps: 2, mapping: 3}
      students:
        - name: W3A{activationBits}
          each: {activationBits: [3, 4]}
          weightBits: 3
          training: {steps: 3, imagesPerStep: 8, calibrationImages: 8, checkpointInterval: 1}
      cascades: [{name: cascade, levels: [W3A3, W3A4], budget: W3A4}]
      evaluations: [{name: test, data: "cifar10:test.bin"}]
      """
    try Workshop.with { workshop in
      var workshop = workshop
      var contents: [[String: String]] = []
      for threads in [1, 2] {
        workshop.context = ExecutionContext(threads: threads)
        let plan = try workshop.plan(text)
        let store = try workshop.store("store \(threads)")
        let run = try ExperimentRun(plan, in: store, context: workshop.context)
        if threads == 2 {
          for steps in [1, 3, 6] {
            let count = Atomic(0)
            #expect(throws: Stop.self) {
              try run.run { _ in
                if count.add(1, ordering: .relaxed).newValue >= steps { throw Stop() }
              }
            }
          }
        }
        try run.run()
        contents.append(try workshop.contents(store).files.filter { !$0.key.hasSuffix(".json") })
        let costs = try CostModel(plan, store: nil, context: workshop.context)
        #expect(plan.cells.allSatisfy { costs.seconds($0) > 0 })
        let kinds = Set(costs.measured)
        #expect(kinds.contains { $0.contains("warm-up of a generator of 4 channels") })
      }
      #expect(contents[0] == contents[1])
      #expect(contents[0].keys.filter { $0.hasSuffix(".generator.safetensors") }.count == 2)
    }
  }

  /// Ends at different steps, then continued: the same bytes.
  @Test func interruptedRuns() throws {
    struct Stop: Error {}
    try Workshop.with { workshop in
      let plan = try workshop.plan()
      let whole = try workshop.store("whole")
      try ExperimentRun(plan, in: whole, context: workshop.context).run()
      let parts = try workshop.store("parts")
      let run = try ExperimentRun(plan, in: parts, context: workshop.context)
      for steps in [2, 5, 9, 14, 40] {
        let count = Atomic(0)
        #expect(throws: Stop.self) {
          try run.run { _ in
            if count.add(1, ordering: .relaxed).newValue >= steps { throw Stop() }
          }
        }
      }
      try run.run()
      #expect(try workshop.contents(parts) == workshop.contents(whole))
      let left = try FileManager.default.contentsOfDirectory(atPath: parts.path + "/artefacts")
      #expect(left.allSatisfy { $0.hasSuffix(".json") || $0.hasSuffix(".safetensors") })
    }
  }

  @Test func jobs() throws {
    try Workshop.with { workshop in
      let plan = try workshop.plan()
      let one = try workshop.store("one")
      try ExperimentRun(plan, in: one, context: workshop.context).run()
      let three = try workshop.store("three")
      try ExperimentRun(plan, in: three, jobs: 3, context: workshop.context).run()
      #expect(try workshop.contents(one) == workshop.contents(three))
      #expect(throws: ExperimentError.badJobs(found: 0)) {
        try ExperimentRun(plan, in: one, jobs: 0, context: workshop.context)
      }
    }
  }

  @Test func cancellation() async throws {
    let network = try Architecture(.cifarResNet(depth: 8, projection: false)).network(seed: 3)
    let directory = NSTemporaryDirectory() + "/dfq-cancel-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try network.write(to: directory + "/tiny.safetensors")
    let text = """
      version: 1
      name: long
      networks: [{name: tiny, model: tiny.safetensors}]
      images: [{name: long, count: 16, steps: 1000000}]
      """
    let plan = try ExperimentPlan(Recipe(text, directory: directory))
    let run = try ExperimentRun(plan, in: Store(creating: directory + "/store"), jobs: 2)
    let task = Task { try await run.run() }
    try await Task.sleep(for: .milliseconds(300))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  /// A cell that fails does not take the others with it.
  @Test func failures() throws {
    try Workshop.with { workshop in
      let text = Workshop.recipe.replacing(
        "budget: W4A6", with: "budget: 1")
      let plan = try workshop.plan(text)
      let store = try workshop.store("store")
      let run = try ExperimentRun(plan, in: store, context: workshop.context)
      do {
        try run.run()
        Issue.record("a budget of 1 BitOP was met")
      } catch let error as ExperimentError {
        guard case .cellsFailed(let count, _, _, let reason) = error else { throw error }
        #expect(count == 4 && reason.contains("budget"))
      }
      #expect(try store.results().count == 13)
    }
  }

  /// The last line of a name counts, so that a recipe can go back to earlier settings.
  @Test func renamedResults() throws {
    try Workshop.with { workshop in
      let store = try workshop.store("store")
      func run(_ text: String) throws -> ExperimentSummary {
        try ExperimentRun(workshop.plan(text), in: store, context: workshop.context).run()
      }
      try _ = run(Workshop.recipe)
      let renamed = Workshop.recipe.replacing("name: dynamic", with: "name: other")
      let summary = try run(renamed)
      #expect(summary.finished == 0 && summary.results == 2)
      let changed = Workshop.recipe.replacing("budget: 5", with: "budget: 5.5")
      #expect(try run(changed).finished == 4)
      #expect(try run(Workshop.recipe).results == 2)
    }
  }
}
