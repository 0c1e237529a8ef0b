import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Progress on terminals and elsewhere, and what Ctrl-C leaves.
@Suite struct ProgressTests {
  private static let work = [
    "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--batch", "16",
    "--steps", "100000", "--checkpoint", "state", "--checkpoint-interval", "20", "-o", "x",
  ]

  /// Runs the tool on a pseudo-terminal of some columns until its checkpoint is written.
  private func terminalOutput(_ tool: Tool, columns: UInt16) throws -> String {
    let terminal = try #require(PseudoTerminal(columns: columns))
    var arguments = Self.work
    // Progress begins after half a second, so the first checkpoint must not come earlier.
    arguments[arguments.firstIndex(of: "20")!] = "1000"
    let result = try tool.run(
      arguments, .init(error: terminal.follower, awaited: "state", signal: SIGINT))
    #expect(result.status == 130)
    return terminal.finish()
  }

  @Test(arguments: [40, 80, 200] as [UInt16]) func neverWraps(columns: UInt16) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let shown = try terminalOutput(tool, columns: columns)
    let lines = shown.split(separator: "\r").map {
      $0.replacingOccurrences(of: "\u{1b}[K", with: "").trimmingCharacters(in: .newlines)
    }.filter { $0.contains("/100000") }
    #expect(!lines.isEmpty, "\(shown.debugDescription)")
    #expect(lines.allSatisfy { $0.count < Int(columns) }, "\(lines)")
    #expect(lines.allSatisfy { $0.contains("left") })
    if columns == 200 {
      #expect(lines.allSatisfy { $0.contains("steps/s") && $0.contains("distillation") })
    }
  }

  /// What a terminal shows of a process's output: lines, of which a carriage return starts over.
  private func screen(_ text: String) -> [String] {
    text.replacing("\r\n", with: "\n").split(separator: "\n").map { line in
      var shown = ""
      for part in line.split(separator: "\r", omittingEmptySubsequences: false) {
        let isErased = part.contains("\u{1b}[K")
        let text = String(part.replacing("\u{1b}[K", with: ""))
        shown = isErased ? text : text + String(shown.dropFirst(text.count))
      }
      return shown
    }
  }

  /// One bar over the student's pass and those of all controls, which never goes back.
  @Test func controlsAreOneBar() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let records = try (0..<11).flatMap { _ in try [UInt8](tool.contents("test.bin")) }
    try AtomicFile.write(records, to: tool.path("many.bin"))
    let terminal = try #require(PseudoTerminal(columns: 80))
    let result = try tool.run(
      [
        "evaluate", "student.safetensors", "--teacher", "tiny.safetensors", "--data",
        "cifar10:many.bin", "--controls", "--isa", "scalar", "--arithmetic", "float",
      ], .init(error: terminal.follower))
    #expect(result.status == 0, "\(result.error)")
    let shown = terminal.finish()
    let counts = shown.matches(of: /(\d+)\/(\d+)/).compactMap { match in
      Int(match.output.1).flatMap { done in Int(match.output.2).map { (done, $0) } }
    }
    #expect(counts.count > 2, "\(shown.debugDescription)")
    // 132 images, once for the student and once for each of the eight controls.
    #expect(Set(counts.map(\.1)) == [132 * 9])
    #expect(zip(counts, counts.dropFirst()).allSatisfy { $0.0 < $1.0 }, "\(counts)")
  }

  /// An epoch's accuracy has a line of its own, though it comes while the bar is shown.
  @Test func epochsHaveTheirLines() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let terminal = try #require(PseudoTerminal(columns: 80))
    let result = try tool.run(
      [
        "train", "--data", "cifar10:test.bin", "--arch", "resnet8-cifar", "--batch", "4",
        "--epochs", "30", "--isa", "scalar", "--learning-rate", "1e-3", "-o", "x",
      ], .init(output: terminal.follower, error: terminal.follower))
    #expect(result.status == 0)
    let shown = terminal.finish()
    #expect(shown.contains("steps/s"), "\(shown.debugDescription)")
    let lines = screen(shown)
    for epoch in 1...30 {
      let own = lines.filter { $0.hasPrefix("epoch \(epoch): ") }
      #expect(own.count == 1, "\(lines)")
      #expect(own.first?.wholeMatch(of: /epoch \d+: training accuracy [\d.]+ %/) != nil)
    }
    #expect(lines.count == 31 && lines.last!.hasPrefix("x: trained"), "\(lines)")
  }

  /// The first Ctrl-C ends a run between two steps: it says what is saved, and the same command
  /// continues to the same bits.
  @Test(arguments: [SIGINT, SIGTERM]) func interrupted(signal: Int32) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    func run(_ name: String, _ checkpoint: String) -> [String] {
      var arguments = Self.work
      arguments[arguments.firstIndex(of: "100000")!] = "200"
      arguments[arguments.firstIndex(of: "state")!] = checkpoint
      arguments[arguments.count - 1] = name
      return arguments
    }
    let stopped = try tool.run(run("x", "state"), .init(awaited: "state", signal: signal))
    #expect(!stopped.wasKilled && stopped.status == 128 + signal)
    #expect(stopped.errorLines.count == 1, "\(stopped.error)")
    #expect(stopped.error.contains("saved in state") && stopped.error.contains("continues"))
    #expect(!FileManager.default.fileExists(atPath: tool.path("x")))
    #expect(try tool.run(run("x", "state")).status == 0)
    #expect(try tool.run(run("y", "other")).status == 0)
    #expect(try tool.contents("x") == tool.contents("y"))
  }

  @Test func interruptedWithoutCheckpoint() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let stopped = try tool.run(
      [
        "synthesize", "--model", "tiny.safetensors", "--count", "8", "--synthesis-batch", "4",
        "--synthesis-steps", "3000", "--checkpoint", "batches", "-o", "x",
      ], .init(awaited: "batches/batch-0.safetensors", signal: SIGINT))
    #expect(stopped.status == 130)
    #expect(stopped.error.contains("1 of 2 batches"), "\(stopped.error)")
  }
}
