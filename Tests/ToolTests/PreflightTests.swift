import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Places of files are checked before the work: these runs would take hours otherwise.
@Suite struct PreflightTests {
  private static let synthesize = [
    "synthesize", "--model", "tiny.safetensors", "--preset", "full",
  ]
  private static let quantize = [
    "quantize", "--model", "tiny.safetensors", "--preset", "full",
  ]
  private static let train = [
    "train", "--data", "cifar10:test.bin", "--arch", "resnet8-cifar", "--batch", "4", "--epochs",
    "100000",
  ]

  @Test(arguments: [
    (synthesize + ["-o", "missing/x"], "missing/x"),
    (synthesize + ["-o", "folder"], "folder"),
    (synthesize + ["-o", "test.bin/x"], "test.bin/x"),
    (synthesize + ["-o", "/dev/full"], "/dev/full"),
    (synthesize + ["-o", ""], "cannot be written"),
    (synthesize + ["-o", String(repeating: "n", count: 300)], "nnn"),
    (synthesize + ["-o", "x", "--picture", "missing/p.png"], "missing/p.png"),
    (synthesize + ["-o", "x", "--checkpoint", "test.bin"], "test.bin"),
    (synthesize + ["-o", "x", "--frechet", "cifar10:missing.bin"], "missing.bin"),
    (quantize + ["-o", "missing/x"], "missing/x"),
    (quantize + ["-o", "x", "--checkpoint", "missing/state"], "missing/state"),
    (quantize + ["-o", "x", "--images-output", "missing/y"], "missing/y"),
    (quantize + ["-o", "x", "--data", "cifar10:missing.bin"], "missing.bin"),
    (quantize + ["-o", "x", "--data", "nonsense"], "nonsense"),
    (quantize + ["-o", "x", "--data", "fashion-mnist:test"], "28x28x1"),
    (quantize + ["-o", "x", "--images", "missing"], "missing"),
    (quantize + ["-o", "x", "--ignore", "nolayer*"], "nolayer*"),
    (train + ["-o", "missing/x"], "missing/x"),
    (train + ["-o", "x", "--test", "cifar10:missing.bin"], "missing.bin"),
    (
      ["inspect", "tiny.safetensors", "--images", "images.safetensors", "--picture", "missing/p"],
      "missing/p"
    ),
  ])
  func placesAreCheckedFirst(arguments: [String], culprit: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    try FileManager.default.createDirectory(
      atPath: tool.path("folder"), withIntermediateDirectories: false)
    try tool.expectRefusal(arguments, naming: culprit, code: 1)
  }

  /// No result replaces an input or another result, under whatever name.
  @Test(arguments: [
    (synthesize + ["-o", "tiny.safetensors"], "--model"),
    (synthesize + ["-o", "x", "--picture", "tiny.safetensors"], "--model"),
    (synthesize + ["-o", "x", "--picture", "./x"], "--output"),
    (synthesize + ["-o", "link"], "--model"),
    (
      synthesize + ["-o", "x", "--frechet", "cifar10:test.bin", "--picture", "test.bin"],
      "--frechet"
    ),
    (quantize + ["--images", "images.safetensors", "-o", "images.safetensors"], "--images"),
    (
      quantize + ["--images", "images.safetensors", "-o", "folder/../images.safetensors"],
      "--images"
    ),
    (quantize + ["-o", "x", "--checkpoint", "folder/../x"], "--output"),
    (quantize + ["-o", "x", "--images-output", "x"], "--output"),
    (quantize + ["-o", "test.bin", "--data", "cifar10:test.bin"], "--data"),
    (train + ["-o", "test.bin"], "--data"),
    (
      [
        "inspect", "tiny.safetensors", "--images", "images.safetensors", "--picture",
        "tiny.safetensors",
      ], "the file"
    ),
    (
      [
        "inspect", "tiny.safetensors", "--images", "images.safetensors", "--picture",
        "images.safetensors",
      ], "--images"
    ),
  ])
  func nothingIsOverwritten(arguments: [String], other: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    try FileManager.default.createDirectory(
      atPath: tool.path("folder"), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: tool.path("link"), withDestinationPath: "tiny.safetensors")
    try tool.expectRefusal(arguments, naming: other, code: 64)
  }

  /// A student's file is not taken for a network without being asked to.
  @Test func studentsAreNoNetworks() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let data = ["--data", "cifar10:test.bin"]
    try tool.expectRefusal(
      ["evaluate", "--model", "student.safetensors"] + data, naming: "--shadow-weights", code: 64)
    try tool.expectRefusal(
      ["evaluate", "student.safetensors", "--teacher", "student.safetensors"] + data,
      naming: "--teacher", code: 64)
    try tool.expectRefusal(
      ["synthesize", "--model", "student.safetensors", "-o", "x"], naming: "student", code: 64)
    try tool.expectRefusal(
      ["evaluate", "--model", "tiny.safetensors", "--shadow-weights"] + data,
      naming: "--shadow-weights", code: 64)
    let shadow = try tool.json(
      ["evaluate", "--model", "student.safetensors", "--shadow-weights"] + data)
    let teacher = try tool.json(["evaluate", "--model", "tiny.safetensors"] + data)
    #expect(shadow["accuracy"] as? Double == teacher["accuracy"] as? Double)
  }

  /// Images of another network train a student, and a note says so.
  @Test func imagesOfAnotherNetwork() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let other = try Architecture(.cifarResNet(depth: 8, projection: false)).network(seed: 9)
    try other.write(to: tool.path("other.safetensors"))
    let made = try tool.run([
      "synthesize", "--model", "other.safetensors", "--count", "8", "--synthesis-steps", "1",
      "--keep-unfaithful", "-o", "images.safetensors",
    ])
    #expect(made.status == 0, "\(made.error)")
    for (model, isNoted) in [("tiny.safetensors", true), ("other.safetensors", false)] {
      let result = try tool.run([
        "quantize", "--model", model, "--images", "images.safetensors", "--steps", "0", "-o", "x",
      ])
      #expect(result.status == 0 && result.error.contains("note:") == isNoted, "\(result.error)")
    }
  }
}
