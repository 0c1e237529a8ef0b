import DynaDFQ
import Foundation
import Testing

/// `--memory` and `--scratch`.
@Suite struct MemoryTests {
  private static let synthesis = [
    "synthesize", "--model", "tiny.safetensors", "--count", "24", "--synthesis-batch", "24",
    "--synthesis-steps", "2", "--keep-unfaithful", "--threads", "1",
  ]

  /// Less memory gives the same images, and much less others, which a note says.
  @Test func synthesis() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let whole = try tool.json(Self.synthesis + ["-o", "whole"])
    #expect((whole["run"] as? [String: Any])?["peakBytes"] as? Int ?? 0 > 1 << 20)
    let less = try tool.run(Self.synthesis + ["-o", "less", "--memory", "8m"])
    #expect(less.status == 0 && !less.error.contains("note"), "\(less.error)")
    #expect(try tool.contents("whole") == tool.contents("less"))
    let least = try tool.run(Self.synthesis + ["-o", "least", "--memory", "5.8M"])
    #expect(least.error.contains("images at a time and not for 24"), "\(least.error)")
    #expect(try tool.contents("whole") != tool.contents("least"))
    try tool.expectRefusal(Self.synthesis + ["-o", "x", "--memory", "100K"], naming: "memory")
    // More than the machine has would let any batch pass.
    try tool.expectRefusal(Self.synthesis + ["-o", "x", "--memory", "900T"], naming: "--memory")
  }

  /// Features in files give the same student.
  @Test func features() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let quantization = [
      "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors",
      "--weight-bits", "4", "--activation-bits", "4", "--adaptive-rounding", "--block-iterations",
      "3",
      "--steps", "0",
    ]
    try FileManager.default.createDirectory(
      atPath: tool.path("scratch"), withIntermediateDirectories: true)
    for (name, options) in [("a", []), ("b", ["--scratch", "scratch"])] {
      let result = try tool.run(quantization + options + ["-o", name])
      #expect(result.status == 0, "\(result.error)")
    }
    #expect(try tool.contents("a") == tool.contents("b"))
    try tool.expectRefusal(
      quantization + ["-o", "x", "--scratch", "missing"], naming: "missing")
  }

  @Test(arguments: ["12Q", "-1G", "0", "1e9", "", "G", "1..2M", "9999999T", "nan"])
  func refused(size: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.expectRefusal(Self.synthesis + ["-o", "x", "--memory=\(size)"], naming: "--memory")
  }
}
