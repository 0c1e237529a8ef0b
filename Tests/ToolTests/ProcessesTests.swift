import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Runs of the tool that share their work.
///
/// Scripts/test-mpi has those under mpirun.
@Suite struct ProcessesTests {
  private static let synthesis = [
    "synthesize", "--model", "tiny.safetensors", "--count", "12", "--synthesis-batch", "4",
    "--synthesis-steps", "3", "-o",
  ]

  /// Two runs at the same time divide the batches; both write what one alone makes.
  @Test func sharedSynthesis() throws {
    let tool = try Tool()
    defer { tool.remove() }
    #expect(try tool.run(Self.synthesis + ["alone"]).status == 0)
    let others = ["first", "second"]
    nonisolated(unsafe) var codes: [Int32] = [-1, -1]
    let lock = NSLock()
    concurrently(2) { index in
      let result = try? tool.run(
        Self.synthesis + [others[index], "--share", "--checkpoint", "batches"])
      lock.withLock { codes[index] = result?.status ?? -1 }
    }
    #expect(codes == [0, 0])
    for other in others { #expect(try tool.contents(other) == tool.contents("alone")) }
    let batches = try FileManager.default.contentsOfDirectory(atPath: tool.path("batches"))
    #expect(batches.sorted() == (0..<3).map { "batch-\($0).safetensors" })
  }

  /// Sharing needs a folder, and a generator has no batches.
  @Test func refused() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.expectRefusal(Self.synthesis + ["x", "--share"], naming: "--share")
    try tool.expectRefusal(
      ["synthesize", "--model", "tiny.safetensors", "--method", "gdfq", "--share", "-o", "x"],
      naming: "--share")
    try tool.expectRefusal(
      ["time", "--work", "synthesis", "--processes", "2"], naming: "--processes")
  }

  /// Gradients of eight shards, of which each of two processes obtains half, are nearly all of what is exchanged.
  @Test func exchangedBytes() throws {
    let tool = try Tool()
    defer { tool.remove() }
    func count(_ processes: Int) throws -> (calls: Int, bytes: Int, parameters: Int) {
      let result = try tool.run([
        "time", "--work", "student", "--network", "resnet8-cifar:input=16x16x3,classes=4",
        "--batch", "64", "--processes", "\(processes)", "--json",
      ])
      let line = try #require(
        JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      return (
        try #require(line["callsPerStep"] as? Int), try #require(line["bytesPerStep"] as? Int),
        try #require(line["parameters"] as? Int)
      )
    }
    let (two, eight) = (try count(2), try count(8))
    #expect(two.calls == eight.calls)
    // Half of the shards' rows, and seven eighths.
    #expect(abs(Double(eight.bytes) / Double(two.bytes) - 7.0 / 4) < 0.01)
    let gradients = 4 * 4 * two.parameters
    #expect(two.bytes >= gradients && two.bytes < gradients * 5 / 4, "\(two.bytes)")
  }
}
