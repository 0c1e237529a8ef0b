import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Numbers that no run can mean: one line and an exit code, no signal, no memory, no file.
@Suite struct HostileArgumentTests {
  private static let synthesize = ["synthesize", "--model", "tiny.safetensors", "-o", "x"]
  private static let quantize = [
    "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "-o", "x",
  ]
  private static let train = [
    "train", "--data", "cifar10:test.bin", "--arch", "resnet8-cifar", "-o", "x",
  ]
  private static let time = ["time", "--network", "resnet8-cifar:input=16x16x3,classes=4"]
  private static let huge = "9223372036854775807"

  @Test(arguments: [
    ("--count", huge), ("--count", "0"), ("--count", "-1"), ("--count", "nan"),
    ("--count", "10000000"), ("--synthesis-batch", huge), ("--synthesis-steps", huge),
    ("--synthesis-rate", "inf"), ("--synthesis-rate", "0"), ("--label-loss", "nan"),
    ("--easy-share", "1.5"), ("--group-size", "0"), ("--threads", "20000"), ("--threads", "0"),
    ("--threads", "4611686018427387904"), ("--seed", "-1"), ("--limit", "0"),
    ("--set", "exponent=2"), ("--set", "steps=nan"), ("--method", "hard"),
    ("--centroids", "features"),
  ])
  func synthesis(option: String, value: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.expectRefusal(
      Self.synthesize + ["\(option)=\(value)", "--frechet", "cifar10:test.bin"], naming: option,
      code: 64)
  }

  @Test(arguments: [
    ("--budget", "nan"), ("--budget", "inf"), ("--budget", "1e30"), ("--budget", "1e300"),
    ("--budget", "5.5"), ("--budget", "2.5"), ("--batch", huge), ("--batch", "1000000"),
    ("--steps", huge), ("--learning-rate", "1e38"), ("--learning-rate", "nan"),
    ("--step-rate", "1e30"), ("--selector-rate", "1e38"), ("--hinge", "nan"),
    ("--label-weight", "inf"), ("--distillation", "-8000"), ("--temperature", "inf"),
    ("--warmup", "nan"), ("--hold-out", "1"), ("--checkpoint-interval", "0"),
    ("--weight-bits", "9"), ("--activation-bits", "3,4,4"), ("--activation-bits", "1,2"),
    ("--activation-bits", ""), ("--range", "bn:1e38"), ("--range", "bn:nan"),
    ("--override", "conv1=99999999999999999999"), ("--override", "conv1=4/"),
    ("--positions", "65"), ("--hidden", huge), ("--limit", "-5"), ("--attention", "nan"),
    ("--perturbation", "0"), ("--perturbation", "inf"), ("--perturbation-path", "student"),
  ])
  func quantization(option: String, value: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    try tool.expectRefusal(
      Self.quantize + ["\(option)=\(value)", "--checkpoint", "state"], naming: option, code: 64)
  }

  @Test(arguments: ["nan", "inf", "1e30", "3.7", "8", "2"])
  func fixedBits(budget: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    try tool.expectRefusal(
      Self.quantize + ["--fixed", "--budget", budget], naming: "--budget", code: 64)
  }

  @Test(arguments: [
    ("--shift", huge), ("--batch", huge), ("--epochs", huge), ("--epochs", "0"),
    ("--weight-decay", "nan"), ("--learning-rate", "inf"), ("--label-smoothing", "1"),
    ("--limit", "0"),
  ])
  func teacherTraining(option: String, value: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.expectRefusal(Self.train + ["\(option)=\(value)"], naming: option, code: 64)
  }

  @Test(arguments: [
    ("--batch", huge), ("--batch", "1000000000"), ("--batch", "1000000"), ("--seconds", "nan"),
    ("--threads", "20000"),
  ])
  func timing(option: String, value: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.expectRefusal(Self.time + ["\(option)=\(value)"], naming: option, code: 64)
  }

  /// Images of millions of pixels: beyond what a graph may hold, or beyond the machine's memory.
  @Test(arguments: [
    ("4096x4096", 1, Int32(1), "layer"), ("4096x4096", 32, 1, "layer"),
    ("2048x2048", 64, 64, "--batch"), ("1024x1024", 100_000, 64, "--batch"),
  ])
  func timingOfLargeImages(size: String, batch: Int, code: Int32, culprit: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.expectRefusal(
      ["time", "--network", "resnet20-cifar:input=\(size)x3", "--batch", "\(batch)"],
      naming: culprit, code: code)
  }

  /// Inference keeps few values, but the images themselves.
  @Test func timingOfManyImages() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.expectRefusal(
      [
        "time", "--work", "infer", "--network", "resnet20-cifar:input=2048x2048x3", "--batch",
        "100000",
      ], naming: "--batch", code: 64)
  }

  /// The executor's formula is what counts: a batch that needs a little more than the machine has.
  @Test func timingBeyondTheFormula() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let name = "resnet20-cifar:input=256x256x3"
    let network = try Architecture(name: name).network(seed: 0)
    let request = PassRequest(
      momentObjectives: try network.batchNormStatistics(), imageGradient: true)
    let context = ExecutionContext(threads: 1)
    let bytes = FloatExecutor.bytes(network, batch: 64, request: request, context: context)
    let images = Double(ProcessInfo.processInfo.physicalMemory) / Double(bytes / 64)
    try tool.expectRefusal(
      ["time", "--network", name, "--batch", "\(Int(1.05 * images))", "--threads", "1"],
      naming: "--batch", code: 64)
  }

  /// More threads than processors are fine, up to the limit.
  @Test func manyThreadsWork() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let result = try tool.run([
      "evaluate", "student.safetensors", "--teacher", "tiny.safetensors", "--data",
      "cifar10:test.bin", "--threads", "200",
    ])
    #expect(result.status == 0, "\(result.error)")
  }

  /// Options without effect are errors instead of being ignored.
  @Test(arguments: [
    (
      ["evaluate", "--model", "tiny.safetensors", "--data", "cifar10:test.bin", "--controls"],
      "--controls"
    ),
    (["evaluate", "--data", "cifar10:test.bin", "--teacher", "tiny.safetensors"], "--teacher"),
    (quantize + ["--controls"], "--controls"),
    (quantize + ["--limit", "3"], "--limit"),
    (quantize + ["--count", "8"], "--count"),
    (quantize + ["--images-output", "y"], "--images-output"),
    (quantize + ["--fixed", "--selector", "per-image"], "--selector"),
    (quantize + ["--fixed", "--hinge", "1"], "--hinge"),
    (quantize + ["--activation-bits", "4", "--budget", "5"], "--budget"),
    (quantize + ["--selector-point", "1"], "--selector-point"),
    (synthesize + ["--limit", "3"], "--limit"),
    (synthesize + ["--labels", "oneHot", "--group", "all"], "--group"),
    (["inspect", "tiny.safetensors", "--images", "images.safetensors"], "--images"),
    (["inspect", "tiny.safetensors", "--layer", "conv1"], "--layer"),
    (["inspect", "tiny.safetensors", "--network", "resnet20"], "--network"),
    (["inspect", "tiny.safetensors", "--measure", "cosine"], "--measure"),
    (["inspect", "--arch", "resnet18"], "--arch"),
  ])
  func nothingIsIgnored(arguments: [String], option: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    try tool.expectRefusal(arguments, naming: option, code: 64)
  }

  /// One character as an output's name, in the current folder.
  @Test func shortNames() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let result = try tool.run([
      "synthesize", "--model", "tiny.safetensors", "--count", "4", "--synthesis-steps", "1",
      "--keep-unfaithful", "-o", "i", "--picture", "p",
    ])
    #expect(result.status == 0, "\(result.error)")
    #expect(try SyntheticImages(contentsOf: tool.path("i")).count == 4)
    #expect(try PixelImage(contentsOf: tool.path("p")).channels == 3)
  }

  /// A set without images is an error that says why, with and without a picture.
  @Test func allImagesDropped() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let arguments =
      Self.synthesize + [
        "--count", "1", "--synthesis-steps", "0", "--easy-share", "1", "--picture", "p.png",
      ]
    // The teacher's class of this noise is no label of these seeds.
    var refused = 0
    for seed in 0..<4 {
      let result = try tool.run(arguments + ["--seed", "\(seed)"])
      #expect(!result.wasKilled)
      if result.status != 0 {
        #expect(result.error.contains("dropped"))
        refused += 1
      }
    }
    #expect(refused > 0)
  }
}
