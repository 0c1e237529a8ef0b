import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Files whose metadata promises what their tensors do not hold: one line, no memory, no signal.
@Suite struct HostileFileTests {
  private static let evaluate = [
    "evaluate", "--model", "bad.safetensors", "--data", "cifar10:test.bin",
  ]

  /// The tiny network with other metadata.
  private func write(_ metadata: [String: String], _ tool: Tool) throws {
    let file = try SafetensorsFile(contentsOf: tool.path("tiny.safetensors"))
    var bad = SafetensorsFile(metadata: metadata)
    for name in file.names { bad.add(name, try file.tensor(name)) }
    try bad.write(to: tool.path("bad.safetensors"))
  }

  @Test(arguments: [
    ["arch": "resnet8-cifar", "classes": "4611686018427387904"],
    ["arch": "resnet8-cifar", "classes": "1000000000"],
    ["arch": "resnet8-cifar", "classes": "-5"],
    ["arch": "resnet8-cifar:classes=100000000000"],
    ["arch": "efficientnet-lite0:classes=1000000"],
    ["arch": "resnet8-cifar", "input": "1x3x0x0"],
    ["arch": "resnet8-cifar", "mean": "nan,0,0", "std": "1,1,1"],
    ["arch": "resnet8-cifar", "mean": "0.5,0.5,0.5", "std": "0,1,1"],
    ["arch": "resnet8-cifar", "std": "1,1,1"],
    ["arch": "resnet8-cifar", "mean": "0.5 and 0.5", "std": "1;1;1"],
  ])
  func metadata(_ metadata: [String: String]) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try write(metadata, tool)
    try tool.expectRefusal(Self.evaluate, naming: "bad.safetensors", code: 1, megabytes: 2000)
  }

  /// Spaces in lists of numbers mean nothing, and an option for the architecture keeps the file's
  /// normalization.
  @Test func normalizationIsNeverReplaced() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try write(
      ["arch": "resnet8-cifar", "mean": "0.5, 0.25, 0.125", "std": "[0.5;0.25;0.125]"], tool)
    for more in [[], ["--arch", "resnet8-cifar"]] {
      let text = try tool.json(["inspect", "bad.safetensors"] + more)
      let preprocessing = try #require(text["preprocessing"] as? [String: [Double]])
      #expect(preprocessing["mean"] == [0.5, 0.25, 0.125])
      #expect(preprocessing["standardDeviation"] == [0.5, 0.25, 0.125])
    }
  }

  @Test(arguments: ["resnet50:classes=1000000", "efficientnet-lite0:classes=1000000"])
  func architectureOfAnotherSize(name: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.expectRefusal(
      [
        "evaluate", "--model", "tiny.safetensors", "--arch", name, "--data", "cifar10:test.bin",
      ], naming: "tiny.safetensors", code: 1, megabytes: 2000)
  }

  @Test func selectorOfManyFeatures() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    var file = try SafetensorsFile(contentsOf: tool.path("student.safetensors"))
    let features = [String](repeating: "\"mean\"", count: 100_000).joined(separator: ",")
    let selector = try #require(file.metadata["selector"])
    file.metadata["selector"] = selector.replacingOccurrences(
      of: "[\"deviation\"]", with: "[\(features)]")
    #expect(file.metadata["selector"] != selector)
    try file.write(to: tool.path("bad.safetensors"))
    try tool.expectRefusal(
      ["evaluate", "bad.safetensors", "--data", "cifar10:test.bin"], naming: "bad.safetensors",
      code: 1, megabytes: 2000)
  }

  /// Names of another library load with rules.
  @Test func otherNames() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let file = try SafetensorsFile(contentsOf: tool.path("tiny.safetensors"))
    var renamed = SafetensorsFile(metadata: file.metadata)
    for name in file.names {
      renamed.add(
        name.replacingOccurrences(of: "linear.", with: "tail."), try file.tensor(name))
    }
    try renamed.write(to: tool.path("bad.safetensors"))
    try tool.expectRefusal(Self.evaluate, naming: "linear.weight", code: 1)
    try tool.expectRefusal(Self.evaluate + ["--rename", "nonsense"], naming: "nonsense")
    let result = try tool.run(Self.evaluate + ["--rename", "tail=linear"])
    #expect(result.status == 0, "\(result.error)")
  }
}
