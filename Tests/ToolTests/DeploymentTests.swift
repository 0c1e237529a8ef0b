import DynaDFQ
import Foundation
import Testing

/// The commands `compile` and `bench`, and `evaluate` of an integer network.
@Suite struct DeploymentTests {
  @Test func compilesMeasuresAndTimes() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent(bits: [3, 4])
    let compiled = try tool.json(["compile", "student.safetensors", "-o", "model.dfq"])
    let layers = try #require(compiled["layers"] as? [[String: Any]])
    #expect(layers.last?["kernel"] as? String == "float")
    let file = try #require(compiled["fileBytes"] as? Int)
    #expect(try Data(contentsOf: URL(fileURLWithPath: tool.path("model.dfq"))).count == file)
    #expect(file > (compiled["packedBytes"] as? Int) ?? .max)

    let student = try tool.json([
      "evaluate", "student.safetensors", "--model", "tiny.safetensors", "--data",
      "cifar10:test.bin",
    ])
    let network = try tool.json([
      "evaluate", "model.dfq", "--model", "tiny.safetensors", "--teacher", "tiny.safetensors",
      "--data", "cifar10:test.bin",
    ])
    let own = try #require(student["student"] as? [String: Any])
    #expect(network["accuracy"] as? Double == own["accuracy"] as? Double)
    #expect(network["agreement"] as? Double == own["agreement"] as? Double)
    #expect(network["meanPasses"] as? Double == 1)

    let times = try tool.json(["bench", "model.dfq", "--batch", "1,3", "--seconds", "0.01"])
    let rows = try #require(times["rows"] as? [[String: Any]])
    #expect(rows.map { $0["batch"] as? Int } == [1, 3])
    for row in rows {
      let order = try ["p50", "p95", "p99"].map { try #require(row[$0] as? Double) }
      #expect(order == order.sorted() && order[0] > 0)
    }
    // Two networks take turns; one that takes turns with itself is as fast.
    let turns = try tool.json([
      "bench", "model.dfq", "--against", "model.dfq", "--batch", "2", "--seconds", "0.3",
    ])
    let row = try #require((turns["comparisons"] as? [[String: Any]])?.first)
    let quantiles = try ["low", "median", "high"].map { try #require(row[$0] as? Double) }
    #expect(quantiles == quantiles.sorted() && 0.2...5 ~= quantiles[1], "\(row)")
    let random = ["bench", "--network", "resnet8-cifar:input=16x16x3,classes=4"]
    try tool.expectRefusal(random + ["--against", "model.dfq"], naming: "--against")
    // The same network with other bits, without Winograd's algorithms.
    let bits = try tool.json(
      random + ["--against", "W8A8:direct", "--batch", "1", "--seconds", "0.1"])
    #expect((bits["comparisons"] as? [Any])?.count == 1)
    for (arguments, text) in [
      (random, "W9A8"), (random, "W8A8:fast"), (["bench", "model.dfq"], "W8A8"),
    ] {
      try tool.expectRefusal(arguments + ["--against", text], naming: text)
    }
    let text = try tool.run(["compile", "student.safetensors", "-o", "model.dfq"])
    #expect(text.status == 0 && text.output.contains("3x3 16>16"), "\(text.error)")
  }

  @Test func fixedPointNamesWhatItCannotCompute() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent(bits: [3, 4])
    _ = try tool.json(["compile", "student.safetensors", "-o", "model.dfq"])
    let refused = try tool.run([
      "evaluate", "model.dfq", "--data", "cifar10:test.bin", "--fixed-point",
    ])
    #expect(refused.status != 0 && refused.error.contains("image"), "\(refused.error)")
    let student = try tool.run([
      "evaluate", "student.safetensors", "--data", "cifar10:test.bin", "--fixed-point",
    ])
    #expect(student.status == 64 && student.error.contains("--fixed-point"), "\(student.error)")
  }

  @Test func timesNetworksOfRandomWeights() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let network = ["bench", "--network", "resnet8-cifar:input=16x16x3,classes=4"]
    let one = try tool.json(
      network + [
        "--fully-quantized", "--weight-bits", "8", "--activation-bits", "8", "--batch", "2",
        "--seconds", "0.01",
      ])
    #expect((one["rows"] as? [[String: Any]])?.first?["meanBits"] as? Double == 8)
    #expect(one["selectorShare"] as? Double == 0 && one["operations"] == nil)
    let dynamic = try tool.json(
      network + [
        "--activation-bits", "3,4,5", "--batch", "2", "--seconds", "0.01", "--operations",
        "--direct",
      ])
    #expect(try #require(dynamic["selectorShare"] as? Double) > 0)
    let operations = try #require(dynamic["operations"] as? [[String: Any]])
    #expect(operations.contains { $0["kernel"] as? String == "direct" })
    #expect(!operations.contains { $0["kernel"] as? String == "winograd" })
    let fixed = try tool.json(
      network + [
        "--fully-quantized", "--activation-bits", "4", "--fixed-point", "--batch", "2",
        "--seconds", "0.01",
      ])
    #expect((fixed["rows"] as? [[String: Any]])?.count == 1)
    let cascade = try tool.json(
      network + [
        "--cascade", "W3A3,W5A5", "--share", "0.25", "--batch", "8", "--seconds", "0.01",
      ])
    #expect((cascade["rows"] as? [[String: Any]])?.first?["meanPasses"] as? Double == 1.25)
  }

  @Test(arguments: [
    (["compile", "images.safetensors", "-o", "model.dfq"], "images.safetensors"),
    (["compile", "student.safetensors", "-o", "student.safetensors"], "same file"),
    (["compile", "student.safetensors", "-o", "m.dfq", "--class-names", "cifar100"], "100 names"),
    (["bench", "student.safetensors"], "student.safetensors"),
    (["bench", "--batch", "0"], "--batch"), (["bench", "--cascade", "W3"], "--cascade"),
    (["bench", "--share", "2"], "--share"), (["bench", "x.dfq", "--network", "resnet20"], "x.dfq"),
    (["evaluate", "student.safetensors", "--data", "nothing"], "nothing"),
  ])
  func refuses(arguments: [String], word: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent(bits: [3])
    let result = try tool.run(arguments)
    #expect(result.status != 0 && !result.wasKilled)
    #expect(result.errorLines.count == 1, "\(result.error)")
    #expect(result.error.contains(word), "\(result.error)")
  }
}
