import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// The whole path through the tool on the smallest possible settings.
@Suite struct PathTests {
  private func synthesize(_ tool: Tool, threads: Int = 2) throws -> Tool.Result {
    try tool.run([
      "synthesize", "--model", "tiny.safetensors", "--count", "24", "--synthesis-batch", "12",
      "--synthesis-steps", "4", "--keep-unfaithful", "--seed", "7", "--threads", "\(threads)",
      "-o", "images-\(threads).safetensors", "--json",
    ])
  }

  private func quantize(
    _ tool: Tool, to name: String, threads: Int = 2, steps: Int = 12, more: [String] = []
  ) -> [String] {
    [
      "quantize", "--model", "tiny.safetensors", "--images", "images-2.safetensors",
      "--weight-bits", "4", "--activation-bits", "3,4,5", "--budget", "4", "--steps", "\(steps)",
      "--batch", "8", "--seed", "7", "--threads", "\(threads)", "-o", name, "--json",
    ] + more
  }

  private func object(_ result: Tool.Result) throws -> [String: Any] {
    try #require(
      JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  @Test func synthesizeQuantizeEvaluateInspect() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let images = try object(synthesize(tool))
    #expect(images["images"] as? Int == 24)
    let student = try object(
      tool.run(
        quantize(
          tool, to: "student.safetensors", more: ["--data", "cifar10:test.bin", "--controls"])))
    let report = try #require(student["report"] as? [String: Any])
    #expect(report["imageCount"] as? Int == 12)
    #expect((report["controls"] as? [Any])?.count == 8)
    let evaluated = try object(
      tool.run([
        "evaluate", "student.safetensors", "--teacher", "tiny.safetensors", "--data",
        "cifar10:test.bin", "--json",
      ]))
    // Two evaluations agree to the last digit.
    let first = try #require((report["student"] as? [String: Any])?["meanBitOPs"] as? Double)
    let second = try #require((evaluated["student"] as? [String: Any])?["meanBitOPs"] as? Double)
    #expect(first == second)
    let inspected = try tool.run([
      "inspect", "student.safetensors", "--layer", "layer1.0.conv1", "--images",
      "images-2.safetensors", "--picture", "grid.png",
    ])
    #expect(inspected.status == 0)
    #expect(inspected.output.contains("integers of 4 bits"))
    #expect(try PixelImage(contentsOf: tool.path("grid.png")).channels == 3)
  }

  @Test func oneAndTwoThreadsMakeTheSameStudent() throws {
    let tool = try Tool()
    defer { tool.remove() }
    for threads in [1, 2] {
      #expect(try synthesize(tool, threads: threads).status == 0)
    }
    #expect(try tool.contents("images-1.safetensors") == tool.contents("images-2.safetensors"))
    for threads in [1, 2] {
      let result = try tool.run(
        quantize(tool, to: "student-\(threads).safetensors", threads: threads))
      #expect(result.status == 0, "\(result.error)")
    }
    #expect(try tool.contents("student-1.safetensors") == tool.contents("student-2.safetensors"))
  }

  @Test func killedAndResumedMakesTheSameStudent() throws {
    let tool = try Tool()
    defer { tool.remove() }
    #expect(try synthesize(tool).status == 0)
    let steps = 60
    #expect(try tool.run(quantize(tool, to: "whole.safetensors", steps: steps)).status == 0)
    let more = ["--checkpoint", "state.safetensors", "--checkpoint-interval", "5"]
    let killed = try tool.run(
      quantize(tool, to: "resumed.safetensors", steps: steps, more: more),
      .init(awaited: "state.safetensors"))
    #expect(killed.wasKilled && killed.status == SIGKILL)
    #expect(!FileManager.default.fileExists(atPath: tool.path("resumed.safetensors")))
    let resumed = try tool.run(
      quantize(tool, to: "resumed.safetensors", steps: steps, more: more))
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(try tool.contents("whole.safetensors") == tool.contents("resumed.safetensors"))
  }
}
