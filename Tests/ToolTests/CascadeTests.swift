import DynaDFQ
import Foundation
import Testing

/// The command `cascade`, and `evaluate` of its result.
@Suite struct CascadeTests {
  private func prepared() throws -> Tool {
    let tool = try Tool()
    try tool.addStudent(bits: [5])
    try FileManager.default.moveItem(
      atPath: tool.path("student.safetensors"), toPath: tool.path("high.safetensors"))
    try tool.addStudent(bits: [3])
    return tool
  }

  private let cascade = [
    "cascade", "student.safetensors", "high.safetensors", "--images", "images.safetensors",
  ]

  @Test func fitsAndMeasures() throws {
    let tool = try prepared()
    defer { tool.remove() }
    let high = try QuantizedNetwork(contentsOf: tool.path("high.safetensors"))
    let low = try QuantizedNetwork(contentsOf: tool.path("student.safetensors"))
    let budget = low.bitOPs(activationBits: 3) + 0.5 * high.bitOPs(activationBits: 5)
    let result = try tool.json(
      cascade + ["--budget", "\(budget / 1e6 + 1e-6)", "-o", "cascade.safetensors"])
    #expect((result["syntheticShares"] as? [Double]) == [1, 0.5])
    let cost = try #require(result["syntheticBitOPs"] as? Double)
    // Means of doubles in another order.
    #expect(abs(cost / budget - 1) < 1e-12)

    let shown = try tool.run(["inspect", "cascade.safetensors"])
    #expect(shown.output.contains("cascade of 2 students") && shown.output.contains("50.00"))
    #expect((try tool.json(["inspect", "cascade.safetensors"])["levels"] as? [Any])?.count == 2)
    #expect(try tool.run(["inspect", "cascade.safetensors", "--layer", "conv1"]).status == 64)
    let report = try tool.json([
      "evaluate", "cascade.safetensors", "--model", "tiny.safetensors", "--data",
      "cifar10:test.bin", "--controls",
    ])
    #expect((report["controls"] as? [Any])?.count == 3)
    #expect((report["decision"] as? [String: Any])?["imageCount"] as? Int == 12)
    // Half of the twelve real images continue, whatever their margins are.
    _ = try tool.json(
      cascade + [
        "--budget", "\(budget / 1e6 + 1e-6)", "--rule", "ranked", "-o", "ranked.safetensors",
      ])
    let ranked = try tool.json([
      "evaluate", "ranked.safetensors", "--model", "tiny.safetensors", "--data",
      "cifar10:test.bin",
    ])
    let own = try #require((ranked["student"] as? [String: Any])?["meanBitOPs"] as? Double)
    #expect(abs(own / budget - 1) < 1e-12)
    let text = try tool.run(
      cascade + ["--budget-of", "high.safetensors", "-o", "cascade.safetensors"])
    #expect(text.status == 0, "\(text.error)")
    #expect(text.output.contains("level 2: high.safetensors"))
  }

  @Test(arguments: [
    ([], "--budget"), (["--budget", "1", "--budget-of", "high.safetensors"], "--budget"),
    (["--budget", "nan"], "--budget"), (["--budget", "1e-9"], "budget"),
    (["--budget-of", "images.safetensors"], "images.safetensors"),
  ])
  func refuses(arguments: [String], word: String) throws {
    let tool = try prepared()
    defer { tool.remove() }
    let result = try tool.run(cascade + arguments + ["-o", "cascade.safetensors"])
    #expect(result.status != 0 && !result.wasKilled)
    #expect(result.errorLines.count == 1, "\(result.error)")
    #expect(result.error.contains(word), "\(result.error)")
    #expect(!FileManager.default.fileExists(atPath: tool.path("cascade.safetensors")))
  }

  @Test func oneStudentIsNoCascade() throws {
    let tool = try prepared()
    defer { tool.remove() }
    let result = try tool.run([
      "cascade", "student.safetensors", "--images", "images.safetensors", "--budget", "1", "-o",
      "x",
    ])
    #expect(result.status == 64)
    // An output that is an input is refused before any work.
    let same = try tool.run(cascade + ["--budget", "1", "-o", "high.safetensors"])
    #expect(same.status == 64)
  }
}
