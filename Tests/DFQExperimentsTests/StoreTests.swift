import DFQExperiments
import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

/// Stores that were damaged, are in use, or are none.
@Suite struct StoreTests {
  @Test func tornLine() throws {
    try Workshop.with { workshop in
      let store = try workshop.store("store")
      let plan = try workshop.plan()
      try ExperimentRun(plan, in: store, context: workshop.context).run()
      let path = store.path + "/results.jsonl"
      let whole = try fileBytes(path)
      let lines = try store.results().count
      // The last line loses its end; it is as if its cell had not been finished.
      try AtomicFile.write(Array(whole.dropLast(40)), to: path)
      #expect(try store.results().count == lines - 1)
      let again = try Store(creating: store.path)
      let run = try ExperimentRun(plan, in: again, context: workshop.context)
      #expect(try run.run().finished == 1)
      #expect(try again.results().count == lines)
      // A whole line that is no result is not passed over.
      try AtomicFile.write(whole + Array("{\"key\":1}\n".utf8), to: path)
      #expect(throws: StoreError.self) { try again.results() }
    }
  }

  @Test func damagedArtefact() throws {
    try Workshop.with { workshop in
      let store = try workshop.store("store")
      let plan = try workshop.plan()
      try ExperimentRun(plan, in: store, context: workshop.context).run()
      let cell = try #require(plan.cells.first { $0.kind == "teacher" })
      let path = "\(store.path)/artefacts/\(cell.key).images.safetensors"
      #expect(try PerImageResults(contentsOf: path).labels.count == 24)
      try AtomicFile.write(Array(try fileBytes(path).dropLast(9)), to: path)
      #expect(throws: InterchangeError.self) { try PerImageResults(contentsOf: path) }
    }
  }

  @Test func noStore() throws {
    try withTemporaryDirectory { directory in
      #expect(throws: StoreError.noStore(path: directory)) { try Store(directory) }
      #expect(throws: StoreError.noStore(path: directory + "/x")) { try Store(directory + "/x") }
      try AtomicFile.write("x", to: directory + "/file")
      #expect(throws: StoreError.self) { try Store(creating: directory + "/file") }
    }
  }

  /// Two writers would do everything twice.
  @Test func twoWriters() throws {
    try Workshop.with { workshop in
      let store = try workshop.store("store")
      let run = try ExperimentRun(workshop.plan(), in: store, context: workshop.context)
      #expect(throws: StoreError.inUse(path: store.path)) {
        // The lock belongs to the open file, so that a second run of this process is refused too.
        try run.run { _ in try run.run() }
      }
    }
  }

  /// Two runs that share a store divide the cells; together they make what one makes.
  @Test func shared() throws {
    try Workshop.with { workshop in
      var workshop = workshop
      workshop.context = ExecutionContext(threads: 1)
      let plan = try workshop.plan()
      let alone = try workshop.store("alone")
      try ExperimentRun(plan, in: alone, context: workshop.context).run()
      let store = try workshop.store("shared")
      let run = try ExperimentRun(plan, in: store, isShared: true, context: workshop.context)
      let summaries = Mutex<[Result<ExperimentSummary, any Error>]>([])
      // Neither goes on with its first cell before the other works on one, however late it begins.
      let meeting = Meeting(of: 2)
      concurrently(2) { index in
        let summary = Result { try run.run { _ in meeting.wait(index) } }
        summaries.withLock { $0.append(summary) }
      }
      let both = try summaries.withLock { try $0.map { try $0.get() } }
      #expect(both.map(\.finished).reduce(0, +) == plan.cells.count, "\(both)")
      #expect(both.allSatisfy { $0.finished > 0 }, "\(both)")
      let (files, others) = (try workshop.contents(store), try workshop.contents(alone))
      #expect(files.files == others.files)
      #expect(try store.results().count == alone.results().count)
      #expect(try Set(store.results().map(\.key)) == Set(alone.results().map(\.key)))
      let claims = try FileManager.default.contentsOfDirectory(atPath: store.path + "/claims")
      #expect(claims.isEmpty)
      // A run of its own is refused while one shares the store.
      let other = try ExperimentRun(plan, in: store, context: workshop.context)
      let cell = try #require(plan.cells.first { $0.kind == "teacher" })
      try FileManager.default.removeItem(
        atPath: "\(store.path)/artefacts/\(cell.key).images.safetensors")
      #expect(throws: StoreError.inUse(path: store.path)) {
        try run.run { _ in try other.run() }
      }
    }
  }
}
