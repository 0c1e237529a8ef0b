import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// What a run may continue from, and that a run that diverged leaves nothing.
@Suite struct CheckpointTests {
  private static let quantize = [
    "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--batch", "4",
    "--checkpoint", "state", "-o", "x", "--steps", "4",
  ]

  /// A tool with the checkpoint of a finished run.
  private func prepared() throws -> Tool {
    let tool = try Tool()
    try tool.addStudent()
    let result = try tool.run(Self.quantize)
    try #require(result.status == 0, "\(result.error)")
    try FileManager.default.removeItem(atPath: tool.path("x"))
    return tool
  }

  /// Bits of two instruction sets or algorithms are not mixed, and the message names the setting.
  @Test(arguments: [
    ("--isa", "scalar", "instruction set"), ("--arithmetic", "float", "arithmetic"),
    ("--convolution", "direct", "convolution"), ("--backend", "blas", "backend"),
    ("--seed", "9", "seed"), ("--learning-rate", "1e-4", "learningRate"),
    ("--weight-bits", "5", "quantizer"),
  ])
  func otherSettings(option: String, value: String, name: String) throws {
    let tool = try prepared()
    defer { tool.remove() }
    try tool.expectRefusal(Self.quantize + [option, value], naming: "state", code: 1)
    let result = try tool.run(Self.quantize + [option, value])
    #expect(result.error.lowercased().contains(name.lowercased()), "\(result.error)")
  }

  @Test func flippedBits() throws {
    let tool = try prepared()
    defer { tool.remove() }
    var bytes = try [UInt8](tool.contents("state"))
    bytes[bytes.count / 2] ^= 1
    try AtomicFile.write(bytes, to: tool.path("state"))
    try tool.expectRefusal(Self.quantize, naming: "state", code: 1)
  }

  /// The checkpoint of images of another shape.
  @Test func checkpointOfAnotherNetwork() throws {
    let tool = try prepared()
    defer { tool.remove() }
    let other = try Architecture(name: "resnet8-cifar:input=16x16x3,classes=10").network(seed: 1)
    try other.write(to: tool.path("tiny.safetensors"))
    try SyntheticImages.noise(count: 16, for: other, seed: 3).write(
      to: tool.path("images.safetensors"))
    try tool.expectRefusal(Self.quantize, naming: "state", code: 1)
  }

  /// A run whose last step blew up writes no student.
  @Test(arguments: [
    ["--learning-rate", "1e6"], ["--step-rate", "1e6"],
    ["--selector-rate", "1e6", "--warmup", "0"],
  ])
  func divergedRuns(options: [String]) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let result = try tool.run(
      [
        "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--batch", "4",
        "--steps", "2", "-o", "x",
      ] + options)
    // Either the student can be read, or there is none and an error says why.
    if result.status == 0 {
      #expect(try tool.run(["inspect", "x"]).status == 0)
    } else {
      #expect(!result.wasKilled && result.errorLines.count == 1, "\(result.error)")
      #expect(!FileManager.default.fileExists(atPath: tool.path("x")))
    }
  }
}
