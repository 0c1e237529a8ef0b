import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// What reaches standard output: checked writes, one JSON convention, nothing a terminal acts on.
@Suite struct OutputTests {
  private static let commands: [[String]] = [
    [
      "synthesize", "--model", "tiny.safetensors", "--count", "4", "--synthesis-steps", "1",
      "--keep-unfaithful", "-o", "new.safetensors",
    ],
    [
      "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--steps", "1",
      "--batch", "4", "-o", "new.safetensors",
    ],
    [
      "evaluate", "student.safetensors", "--teacher", "tiny.safetensors", "--data",
      "cifar10:test.bin",
    ],
    ["evaluate", "--model", "tiny.safetensors", "--data", "cifar10:test.bin"],
    ["inspect", "student.safetensors", "--layer", "conv1"],
    ["inspect", "images.safetensors"],
    [
      "train", "--data", "cifar10:test.bin", "--arch", "resnet8-cifar", "--batch", "4",
      "--epochs", "1", "-o", "new.safetensors",
    ],
    [
      "time", "--work", "infer", "--network", "resnet8-cifar:input=16x16x3,classes=4", "--batch",
      "1", "--seconds", "0.01",
    ],
  ]

  /// Keys in camelCase, numbers without -0 and nan, and how the result came about.
  @Test(arguments: commands) func jsonOfEveryCommand(arguments: [String]) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let result = try tool.run(
      arguments + ["--json", "--seed", "7", "--quiet"],
      .init(environment: ["DYNADFQ_COMMIT": "abc1234"]))
    try #require(result.status == 0, "\(result.error)")
    #expect(result.error.isEmpty)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let run = try #require(object["run"] as? [String: Any])
    #expect(run["version"] as? String == LibraryVersion.current)
    #expect(run["commit"] as? String == "abc1234" && run["seed"] as? Int == 7)
    let context = try #require(run["context"] as? [String: Any])
    #expect(
      Set(context.keys) == [
        "instructionSet", "threads", "backend", "convolution", "arithmetic", "blas",
      ])
    let keys = result.output.matches(of: /"([^"]*)"\s*:/).map { String($0.output.1) }
    #expect(keys.allSatisfy { !$0.contains("_") || $0.contains(".") }, "\(keys)")
    #expect(result.output.firstMatch(of: /[:\s\[]-0(\.0)?\s*[,\}\]\n]/) == nil)
    #expect(result.output.firstMatch(of: /[:\[,]\s*"?-?(nan|inf)"?\s*[,\}\]\n]/) == nil)
  }

  /// A full device and a closed pipe are errors of one line, not signals and not success.
  @Test(arguments: commands + [["--help"], ["--version"], ["inspect", "--help"]])
  func unwritableOutput(arguments: [String]) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let full = try tool.run(arguments, .init(output: FileHandle(forWritingAtPath: "/dev/full")))
    #expect(!full.wasKilled && full.status == 1, "\(full.status)")
    #expect(full.error.contains("dynadfq: error: standard output"), "\(full.error)")
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    let closed = try tool.run(arguments, .init(output: pipe.fileHandleForWriting))
    #expect(!closed.wasKilled && closed.status == 1, "\(closed.status)")
    #expect(closed.error.contains("dynadfq: error: standard output"), "\(closed.error)")
  }

  /// A negative zero is a zero, and minus signs inside of texts and numbers stay.
  @Test func negativeZeros() throws {
    let tool = try Tool()
    defer { tool.remove() }
    var file = try SafetensorsFile(contentsOf: tool.path("tiny.safetensors"))
    file.metadata["mean"] = "-0.0,-0.25,0"
    try file.write(to: tool.path("zero-0.safetensors"))
    let result = try tool.run(["inspect", "zero-0.safetensors", "--json"])
    #expect(result.status == 0, "\(result.error)")
    let mean = try #require(result.output.firstMatch(of: /"mean"\s*:\s*\[([^\]]*)\]/))
    let numbers = mean.output.1.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
    #expect(numbers == ["0", "-0.25", "0"])
  }

  @Test func version() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let result = try tool.run(["--version"], .init(environment: ["DYNADFQ_COMMIT": "abc1234"]))
    #expect(result.status == 0)
    #expect(result.output == "dynadfq \(LibraryVersion.current), commit abc1234\n")
  }

  /// Text of files is shown without escape sequences, in tables, JSON and messages.
  @Test func textOfFilesIsHarmless() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let escape = "\u{1b}[2J\u{9b}31m\u{202e}" + String(repeating: "x", count: 1 << 20)
    let teacher = try Network(contentsOf: tool.path("tiny.safetensors"))
    var images = try SyntheticImages.noise(count: 4, for: teacher, seed: 1)
    images.provenance["labels"] = escape
    try images.write(to: tool.path("images.safetensors"))
    var file = try SafetensorsFile(contentsOf: tool.path("tiny.safetensors"))
    file.metadata["arch"] = escape
    try file.write(to: tool.path("escape.safetensors"))
    let runs = [
      ["inspect", "images.safetensors"], ["inspect", "images.safetensors", "--json"],
      ["inspect", "escape.safetensors"], ["inspect", escape.prefix(20) + ".safetensors"],
      ["inspect", "tiny.safetensors", "--layer", String(escape.prefix(1000))],
    ]
    for arguments in runs {
      let result = try tool.run(arguments)
      let printed = result.output + result.error
      #expect(
        !printed.unicodeScalars.contains { "\u{1b}\u{9b}\u{202e}".unicodeScalars.contains($0) })
      #expect(arguments.contains("--json") || printed.count < 6000, "\(arguments[1].prefix(30))")
    }
  }
}
