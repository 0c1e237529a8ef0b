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
