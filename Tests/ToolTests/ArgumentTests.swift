import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// What the tool says of wrong arguments, files and settings.
@Suite struct ArgumentTests {
  @Test(arguments: [
    "synthesize", "quantize", "cascade", "evaluate", "inspect", "methods", "train", "experiment",
    "report", "time",
  ])
  func helpOfEverySubcommand(name: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    let result = try tool.run([name, "--help"])
    #expect(result.status == 0)
    #expect(result.output.contains("OVERVIEW"))
  }

  /// Help tells what the presets decide and cost.
  @Test func helpNamesDefaults() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let help = try tool.run(["quantize", "--help"], .init(environment: ["COLUMNS": "400"])).output
    for words in [
      "(preset: demo 256, reduced 512, full 5120)", "(preset: demo 400, reduced 2000, full 29400)",
      "full (the published amount of work) about three hours", "(default: 0.05)",
      "(default: 3,4,5)",
    ] {
      #expect(help.contains(words), "\(words)")
    }
    let root = try tool.run(["--help"]).output
    #expect(root.contains("Exit codes") && root.contains("--version"))
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
    let cases: [([String], String)] = [
      (["evaluate", "missing.safetensors", "--data", "cifar10:test.bin"], "missing.safetensors"),
      (["evaluate", "tiny.safetensors", "--data", "cifar10:test.bin"], "tiny.safetensors"),
      (
        ["evaluate", "--model", "cut.safetensors", "--data", "cifar10:test.bin"], "cut.safetensors"
      ),
      (["evaluate", "--model", "tiny.safetensors", "--data", "cifar10:cut.bin"], "cut.bin"),
      (["evaluate", "--model", "tiny.safetensors", "--data", "nonsense"], "nonsense"),
      (["train", "--data", "cifar10:test.bin", "--arch", "resnet21-cifar", "-o", "x"], "resnet21"),
    ]
    for (arguments, culprit) in cases {
      try tool.expectRefusal(arguments, naming: culprit, code: 1)
    }
  }
}
