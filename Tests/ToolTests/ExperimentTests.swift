import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// `dynadfq experiment` and `dynadfq report` as processes.
@Suite struct ExperimentTests {
  private static let recipe = """
    version: 1
    name: tiny
    networks: [{name: tiny, model: tiny.safetensors}]
    images: [{name: images, count: 24, imagesPerBatch: 8, steps: 30, dropUnfaithful: false}]
    students:
      - name: static
        weightBits: 4
        activationBits: 4
        training: {steps: 40, imagesPerStep: 8, checkpointInterval: 5}
      - name: dynamic
        weightBits: 4
        activationBits: [3, 4, 5]
        training: {steps: 40, imagesPerStep: 8, checkpointInterval: 5}
    evaluations: [{name: test, data: "cifar10:test.bin", controls: [shuffled]}]
    """

  private func tool(_ text: String = recipe) throws -> Tool {
    let tool = try Tool()
    try AtomicFile.write(text, to: tool.path("recipe.yaml"))
    return tool
  }

  /// The files of a store without what depends on time.
  private func contents(_ tool: Tool, _ store: String) throws -> [String: String] {
    var files: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(
      atPath: tool.path("\(store)/artefacts"))
    {
      let data = try tool.contents("\(store)/artefacts/\(name)")
      files[name] =
        name.hasSuffix(".json")
        ? timeless(String(decoding: data, as: UTF8.self)) : data.base64EncodedString()
    }
    let lines = String(decoding: try tool.contents("\(store)/results.jsonl"), as: UTF8.self)
    files["results"] = lines.split(separator: "\n").map { timeless(String($0)) }.sorted()
      .joined(separator: "\n")
    return files
  }

  private func timeless(_ json: String) -> String {
    json.replacing(/"run":\{[^}]*\}/, with: "")
  }

  @Test func dryRun() throws {
    let tool = try tool()
    defer { tool.remove() }
    let plan = try tool.json(["experiment", "recipe.yaml", "--store", "store", "--dry-run"])
    #expect(plan["pending"] as? Int == 6)
    #expect((plan["cells"] as? [Any])?.count == 6)
    #expect((plan["run"] as? [String: Any])?["version"] as? String == LibraryVersion.current)
    #expect((plan["estimatedHours"] as? Double ?? 0) > 0)
    #expect(!FileManager.default.fileExists(atPath: tool.path("store")))
    let table = try tool.run(["experiment", "recipe.yaml", "--store", "store", "--dry-run"])
    #expect(table.output.contains("student dynamic on images seed 0"))
    #expect(table.output.contains("6 of 6 cells to do"))
  }

  /// Two processes that share a store make what one makes.
  @Test func sharedStore() throws {
    let tool = try tool()
    defer { tool.remove() }
    _ = try tool.json(["experiment", "recipe.yaml", "--store", "whole", "--threads", "1"])
    let lock = NSLock()
    nonisolated(unsafe) var finished: [Int] = []
    concurrently(2) { _ in
      let summary = try? tool.json([
        "experiment", "recipe.yaml", "--store", "shared", "--share", "--threads", "1",
      ])
      lock.withLock { finished.append(summary?["finished"] as? Int ?? -1) }
    }
    // One may be done before the other has started.
    #expect(finished.reduce(0, +) == 6 && finished.allSatisfy { $0 >= 0 }, "\(finished)")
    #expect(try contents(tool, "shared") == contents(tool, "whole"))
  }

  /// Killed in the synthesis, in a training and between cells, with one job and with two.
  @Test func killedRuns() throws {
    let tool = try tool()
    defer { tool.remove() }
    let summary = try tool.json(["experiment", "recipe.yaml", "--store", "whole"])
    #expect(summary["finished"] as? Int == 6 && summary["results"] as? Int == 3)
    let plan = try tool.json(["experiment", "recipe.yaml", "--store", "whole", "--dry-run"])
    let cells = try #require(plan["cells"] as? [[String: Any]])
    #expect(plan["pending"] as? Int == 0)
    func key(_ title: String) throws -> String {
      try #require(cells.first { $0["title"] as? String == title }?["key"] as? String)
    }
    let awaited = [
      "\(try key("images images seed 0")).batches/batch-1.safetensors",
      "\(try key("student static on images seed 0")).checkpoint",
      "\(try key("student dynamic on images seed 0")).checkpoint",
      "\(try key("student dynamic on images seed 0")).safetensors",
    ]
    for (index, file) in awaited.enumerated() {
      let killed = try tool.run(
        ["experiment", "recipe.yaml", "--store", "parts", "--jobs", "\(index % 2 + 1)"],
        Tool.Setting(awaited: "parts/artefacts/\(file)"))
      #expect(killed.wasKilled || killed.status == 0)
    }
    #expect(try tool.run(["experiment", "recipe.yaml", "--store", "parts"]).status == 0)
    #expect(try contents(tool, "parts") == contents(tool, "whole"))
  }

  /// Ctrl-C ends with its own code and says how to continue.
  @Test func interruptedRun() throws {
    let long = Self.recipe.replacing("steps: 40", with: "steps: 100000")
    let tool = try tool(long)
    defer { tool.remove() }
    let plan = try tool.json(["experiment", "recipe.yaml", "--dry-run"])
    let cells = try #require(plan["cells"] as? [[String: Any]])
    let key = try #require(cells[1]["key"] as? String)
    let result = try tool.run(
      ["experiment", "recipe.yaml"],
      Tool.Setting(awaited: "runs/tiny/artefacts/\(key).checkpoint", signal: SIGINT))
    #expect(result.status == 130 && !result.wasKilled)
    #expect(result.error.contains("the same command continues"))
  }

  @Test func report() throws {
    let tool = try tool()
    defer { tool.remove() }
    #expect(try tool.run(["experiment", "recipe.yaml", "--store", "store"]).status == 0)
    let report = try tool.json(["report", "store"])
    #expect(report["results"] as? Int == 3)
    let files = try #require(report["files"] as? [String])
    #expect(files.contains("store/report/index.html"))
    for file in files { #expect(try !tool.contents(file).isEmpty) }
    let elsewhere = try tool.run(["report", "store", "--output", "elsewhere"])
    #expect(elsewhere.status == 0 && elsewhere.output.contains("elsewhere/index.html"))
  }

  @Test func mistakes() throws {
    let tool = try tool(Self.recipe.replacing("weightBits: 4", with: "weightBitz: 4"))
    defer { tool.remove() }
    try tool.expectRefusal(
      ["experiment", "recipe.yaml"], naming: "recipe.yaml: line 7", code: 1)
    try tool.expectRefusal(["experiment", "none.yaml"], naming: "none.yaml", code: 1)
    try tool.expectRefusal(["experiment", "tiny.safetensors"], naming: "tiny.safetensors", code: 1)
    try tool.expectRefusal(
      ["experiment", "recipe.yaml", "--jobs", "0"], naming: "--jobs", code: 64)
    try tool.expectRefusal(["report", "."], naming: "no store of results", code: 1)
    try tool.expectRefusal(["report", "none"], naming: "none", code: 1)
  }

  @Test func storeThatCannotBeMade() throws {
    let tool = try tool()
    defer { tool.remove() }
    try tool.expectRefusal(
      ["experiment", "recipe.yaml", "--store", "test.bin"], naming: "test.bin", code: 1)
  }
}
