import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// What the tool says of wrong arguments, files and settings.
@Suite struct ArgumentTests {
  @Test(arguments: ["synthesize", "quantize", "evaluate", "inspect", "train", "demo"])
  func helpOfEverySubcommand(name: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    let result = try tool.run([name, "--help"])
    #expect(result.status == 0)
    #expect(result.output.contains("OVERVIEW"))
  }

  @Test func unknownOption() throws {
    let tool = try Tool()
    defer { tool.remove() }
    #expect(try tool.run(["evaluate", "--frobnicate"]).status == 64)
    #expect(try tool.run(["frobnicate"]).status == 64)
  }

  /// One line that names the culprit, a failing code, and nothing left behind.
  @Test func wrongFilesAndSettings() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let model = try tool.contents("tiny.safetensors")
    try model.prefix(model.count / 2).write(to: URL(fileURLWithPath: tool.path("cut.safetensors")))
    let test = try tool.contents("test.bin")
    try test.dropLast(7).write(to: URL(fileURLWithPath: tool.path("cut.bin")))
    let quantize = ["quantize", "--model", "tiny.safetensors", "-o", "student.safetensors"]
    let cases: [([String], String)] = [
      (["evaluate", "missing.safetensors", "--data", "cifar10:test.bin"], "missing.safetensors"),
      (["evaluate", "tiny.safetensors", "--data", "cifar10:test.bin"], "tiny.safetensors"),
      (
        ["evaluate", "--model", "cut.safetensors", "--data", "cifar10:test.bin"], "cut.safetensors"
      ),
      (["evaluate", "--model", "tiny.safetensors", "--data", "cifar10:cut.bin"], "cut.bin"),
      (["evaluate", "--model", "tiny.safetensors", "--data", "nonsense"], "nonsense"),
      (["synthesize", "--model", "tiny.safetensors", "--count", "0", "-o", "x"], "at least 1"),
      (
        [
          "synthesize", "--model", "tiny.safetensors", "--count", "2", "--synthesis-steps", "1",
          "-o", "missing/x.safetensors",
        ], "missing"
      ),
      (quantize + ["--weight-bits", "9"], "2...8"),
      (quantize + ["--activation-bits", "1,2"], "2...8"),
      (quantize + ["--ignore", "nolayer*"], "nolayer*"),
      (quantize + ["--budget", "2", "--count", "8", "--synthesis-steps", "1"], "budget"),
      (["train", "--data", "cifar10:test.bin", "--arch", "resnet21-cifar", "-o", "x"], "resnet21"),
    ]
    for (arguments, culprit) in cases {
      let result = try tool.run(arguments + ["--quiet"])
      #expect(result.status == 1, "\(arguments)")
      #expect(result.errorLines.count == 1, "\(arguments): \(result.error)")
      #expect(result.error.hasPrefix("dynadfq: error: "), "\(result.error)")
      #expect(result.error.contains(culprit), "\(arguments): \(result.error)")
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: tool.directory)
    #expect(!left.contains { $0.hasPrefix("student") || $0.hasPrefix("x") })
  }
}
