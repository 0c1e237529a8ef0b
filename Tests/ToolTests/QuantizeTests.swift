import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// What `quantize` keeps, says and measures.
@Suite struct QuantizeTests {
  private static let small = [
    "quantize", "--model", "tiny.safetensors", "--count", "24", "--synthesis-batch", "12",
    "--synthesis-steps", "4", "--keep-unfaithful", "--steps", "4", "--batch", "8",
    "--hold-out", "0.25",
  ]

  /// BitOPs are those of the bits that the student takes, not the middle candidate's.
  @Test func bitOPsFollowTheBudget() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    var costs: [Double] = []
    for budget in ["3.1", "3.3", "4.75"] {
      let result = try tool.json([
        "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--budget",
        budget, "--steps", "0", "-o", "x",
      ])
      let synthetic = try #require(result["synthetic"] as? [String: Any])
      #expect(synthetic["areHeldOut"] as? Bool == true)
      // Of the one image that is held out.
      let agreement = try #require(synthetic["agreement"] as? Double)
      #expect(agreement == 0 || agreement == 1)
      costs.append(try #require(synthetic["meanBitOPs"] as? Double))
    }
    let middle = try QuantizedNetwork(contentsOf: tool.path("x")).bitOPs(activationBits: 4)
    #expect(costs == costs.sorted() && costs[0] < costs[2], "\(costs)")
    #expect(costs[0] < middle, "\(costs), \(middle)")
  }

  /// Rounding that is learned before the first step, with none after it.
  @Test func adaptiveRounding() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let run = Self.small + ["--steps", "0", "--fixed", "-o", "x"]
    _ = try tool.json(
      run + [
        "--adaptive-rounding", "--block-iterations", "3", "--rounding-unit", "layer",
        "--rounding-rate", "0.5", "--kept-share", "0.25", "--checkpoint", "state",
      ])
    let student = try QuantizedNetwork(contentsOf: tool.path("x"))
    let layer = student.layers[1].name
    let weights = student.network.parameters["\(layer).weight"]!
    #expect(
      largestDifference(
        try student.integerWeights(of: layer).dequantized.elements, weights.elements) < 1e-6)
    try tool.expectRefusal(
      run + ["--block-iterations", "3"], naming: "--block-iterations", code: 64)
  }

  /// HAST's images and training; what belongs to other labels is refused.
  @Test func hardSamples() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let hard = Self.small.filter { $0 != "--keep-unfaithful" } + ["--method", "hardSamples"]
    let result = try tool.json(
      hard + [
        "--set", "exponent=1", "--perturbation", "0.01", "--objective", "distillation",
        "--objective", "{kind: attention alignment, weight: 2000}", "--mixup", "none",
        "--images-output", "hard.safetensors", "-o", "x",
      ])
    #expect(result["output"] as? String == "x")
    let images = try SyntheticImages(contentsOf: tool.path("hard.safetensors"))
    #expect(images.count == 24 && images.isEasy.allSatisfy { $0 })
    #expect(images.provenance["method"]?.contains(#""kind":"hard samples""#) == true)
    for options in [
      ["--labels", "oneHot"], ["--easy-share", "0.5"], ["--set", "exponnet=1"],
      ["--objective", "distilation"], ["--objective", "{kind: distillation, wieght: 3}"],
      ["--objective", ""], ["--objective", "{kind"],
      ["--label-weight", "0", "--objective", "distillation"], ["--set", "exponent=[1"],
      ["--set", "exponent"], ["--set", "variant=imagenet"], ["--set", "method=gdfq"],
    ] {
      try tool.expectRefusal(hard + options + ["-o", "y"], naming: options[0], code: 64)
    }
  }

  /// Bits by layer cost at most the uniform student, and the file has them.
  @Test func allocatesBits() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let common = [
      "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--steps", "0",
      "-o", "x",
    ]
    let allocated = try tool.json(common + ["--allocate", "W3A3", "--allocate-bits", "2,4"])
    let allocation = try #require(allocated["allocation"] as? [String: Any])
    let bits = try #require(allocation["bits"] as? [String: Any])
    let cost = try #require(bits["bitOPs"] as? Double)
    #expect(cost <= (try #require(allocation["budget"] as? Double)))
    let student = try QuantizedNetwork(contentsOf: tool.path("x"))
    #expect(abs(student.dearestBitOPs - cost) < 1 && !student.isDynamic)
    #expect(student.layers.allSatisfy { [[2], [4]].contains($0.weightBits) })
    let shown = try tool.run(["inspect", "x"])
    #expect(shown.status == 0 && shown.output.contains("with these rules: "), "\(shown.error)")
    for (options, culprit) in [
      (["--allocate", "W9A3"], "W9A3"), (["--allocate", "3"], "--allocate"),
      (["--allocate", "W3A3", "--fixed"], "--fixed"),
      (["--allocate", "W3A3", "--weight-bits", "3"], "--weight-bits"),
      (["--allocate", "W3A3", "--budget", "4"], "--budget"),
      (["--allocate", "W3A3", "--allocate-bits", "2,x"], "--allocate-bits"),
      (["--allocate", "W3A3", "--allocate-bits", "4"], "below the cheapest"),
      (["--allocate-bits", "4"], "--allocate-bits"),
    ] {
      try tool.expectRefusal(common + options, naming: culprit)
    }
  }

  /// A generator in place of stored images; a run that finds the warmed-up generator and the state
  /// gives the same student.
  @Test func generators() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let small = [
      "--model", "tiny.safetensors", "--method", "qimera", "--set", "warmUpSteps=2", "--set",
      "channels=4", "--count", "24", "-o", "x",
    ]
    let images = try tool.json(["synthesize"] + small)
    let accuracy = try #require(images["labelAccuracy"] as? Double)
    #expect((0...1).contains(accuracy) && images["images"] as? Int == 24)
    #expect(try SyntheticImages(contentsOf: tool.path("x")).count == 24)
    let quantize =
      ["quantize"] + small + ["--fixed", "--steps", "3", "--batch", "8", "--checkpoint", "state"]
    _ = try tool.json(quantize)
    let first = try fileBytes(tool.path("x"))
    #expect(FileManager.default.fileExists(atPath: tool.path("state.generator")))
    _ = try tool.json(quantize)
    #expect(try fileBytes(tool.path("x")) == first)
    for (options, culprit) in [
      (["--synthesis-steps", "4"], "--synthesis-steps"), (["--images", "i"], "--images"),
      (["--set", "mixedShare=2"], "mixed share"),
      (["--method", "gdfq", "--set", "mixedClasses=3"], "mixedClasses"),
      (["--method", "gan"], "gan"), (["--set", "mapping=no"], "mapping"),
    ] {
      try tool.expectRefusal(quantize + options, naming: culprit)
    }
    try tool.expectRefusal(
      ["quantize", "--model", "tiny.safetensors", "--set", "mixedShare=0.5", "-o", "x"],
      naming: "--set mixedShare=0.5", code: 64)
  }

  /// Without real images the report is of held-out synthetic ones.
  @Test func saysWhatIsKnownWithoutData() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let result = try tool.run([
      "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--steps", "0",
      "-o", "x",
    ])
    #expect(result.status == 0)
    #expect(result.output.contains("held-out synthetic images"), "\(result.output)")
    #expect(result.output.contains("agree with the teacher"))
    #expect(result.output.contains("BitOPs"))
  }

  /// The checkpoint covers the images that quantization synthesizes itself, and they can be kept.
  @Test func keepsSynthesizedImages() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let stopped = try tool.run(
      Self.small + ["--checkpoint", "state", "-o", "x", "--images-output", "kept"],
      .init(awaited: "state.images/batch-0.safetensors", signal: SIGKILL))
    #expect(stopped.wasKilled)
    let changed =
      try FileManager.default.attributesOfItem(
        atPath: tool.path("state.images/batch-0.safetensors"))[.modificationDate] as? Date
    let resumed = try tool.run(
      Self.small + ["--checkpoint", "state", "-o", "x", "--images-output", "kept"])
    #expect(resumed.status == 0, "\(resumed.error)")
    let unchanged =
      try FileManager.default.attributesOfItem(
        atPath: tool.path("state.images/batch-0.safetensors"))[.modificationDate] as? Date
    #expect(changed == unchanged)
    #expect(try SyntheticImages(contentsOf: tool.path("kept")).count == 24)
    var stored = Self.small + ["--images", "kept", "-o", "y"]
    for name in ["--count", "--synthesis-batch", "--synthesis-steps"] {
      let place = stored.firstIndex(of: name)!
      stored.removeSubrange(place...place + 1)
    }
    stored.removeAll { $0 == "--keep-unfaithful" }
    #expect(try tool.run(stored).status == 0)
    #expect(try tool.contents("x") == tool.contents("y"))
  }

  /// A budget is spoken of in bits, as it was given.
  @Test func budgetsInBits() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let result = try tool.run([
      "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--budget", "3",
      "--steps", "0", "-o", "x",
    ])
    #expect(result.status == 1 && result.errorLines.count == 1)
    #expect(!result.error.contains("BitOPs"), "\(result.error)")
    #expect(result.error.contains("3.0 bits"), "\(result.error)")
  }

  /// Logits that are no numbers are an error, and so are sets without images.
  @Test func refusesWhatCannotBeMeasured() throws {
    let tool = try Tool()
    defer { tool.remove() }
    var network = try Network(contentsOf: tool.path("tiny.safetensors"))
    for index in network.parameters.values.indices { network.parameters.values[index] = 3e38 }
    try network.write(to: tool.path("huge.safetensors"))
    try tool.expectRefusal(
      ["evaluate", "--model", "huge.safetensors", "--data", "cifar10:test.bin"],
      naming: "finite", code: 1)
    try FileManager.default.createDirectory(
      atPath: tool.path("empty"), withIntermediateDirectories: false)
    try tool.expectRefusal(
      ["evaluate", "--model", "tiny.safetensors", "--data", "folder:empty"], naming: "empty",
      code: 1)
    try AtomicFile.write([], to: tool.path("none.bin"))
    try tool.expectRefusal(
      ["evaluate", "--model", "tiny.safetensors", "--data", "cifar10:none.bin"],
      naming: "none.bin", code: 1)
  }
}
