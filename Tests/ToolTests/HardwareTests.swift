import DynaDFQ
import Foundation
import Testing

/// `inspect --hardware`.
@Suite struct HardwareTests {
  @Test func students() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let text = try tool.run(["inspect", "student.safetensors", "--hardware", "--layers"])
    #expect(text.status == 0, "\(text.error)")
    for word in [
      "bit-serial", "8/4/2-bit units", "byte kernels", "times W4A4", "uJ/image", "DRAM kB",
      "decision at", "selector on",
    ] {
      #expect(text.output.contains(word), "\(word): \(text.output)")
    }
    let json = try tool.json(["inspect", "student.safetensors", "--hardware"])
    let rows = try #require(json["rows"] as? [[String: Any]])
    #expect(rows.map { $0["batch"] as? Int } == [1, 64, 1, 64, 1, 64])
    #expect(rows[0]["layers"] == nil && rows[0]["selectorShare"] != nil)
    let models = try #require(json["models"] as? [[String: Any]])
    #expect(models.count == 3 && models[0]["memoryBandwidth"] as? Double == 12e9)
    // The package's kernels take as long at 3 bits as at 5; bit-serial ones do not.
    func seconds(_ bits: String) throws -> [Double] {
      let rows =
        try tool.json([
          "inspect", "student.safetensors", "--hardware", "--mean-bits", bits,
        ])["rows"] as? [[String: Any]]
      return try #require(rows).compactMap { $0["secondsPerImage"] as? Double }
    }
    let (low, high) = (try seconds("3"), try seconds("5"))
    #expect(low[0] < high[0] && low[4] == high[4] && low[5] == high[5])
  }

  /// The bits that an evaluation found, which need not be those of one candidate.
  @Test func bitsOfAReport() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let report = try tool.run([
      "evaluate", "student.safetensors", "--model", "tiny.safetensors", "--data",
      "cifar10:test.bin",
      "--json",
    ])
    #expect(report.status == 0, "\(report.error)")
    try AtomicFile.write(Array(report.output.utf8), to: tool.path("report.json"))
    let arguments = ["inspect", "student.safetensors", "--hardware", "--bits-of"]
    let rows = try #require(tool.json(arguments + ["report.json"])["rows"] as? [[String: Any]])
    let cost = try #require(rows[0]["bitOPs"] as? Double)
    let measured = try JSONDecoder().decode(EvaluationReport.self, from: Data(report.output.utf8))
    #expect(abs(cost / measured.meanBitOPs - 1) < 1e-9)
    try tool.expectRefusal(arguments + ["test.bin"], naming: "--bits-of", code: 1)
  }

  @Test func cascades() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent(bits: [3])
    let student = try QuantizedNetwork(contentsOf: tool.path("student.safetensors"))
    try StudentCascade(levels: [student, student], thresholds: [1], shares: [0.25]).write(
      to: tool.path("cascade.safetensors"))
    let text = try tool.run(["inspect", "cascade.safetensors", "--hardware"])
    #expect(text.status == 0 && text.output.contains("25.00 % continue"), "\(text.output)")
    let json = try tool.json([
      "inspect", "cascade.safetensors", "--hardware", "--continuing", "1",
    ])
    let cost = try #require((json["rows"] as? [[String: Any]])?[0]["bitOPs"] as? Double)
    #expect(cost == 2 * student.bitOPs(activationBits: 3))
  }

  /// Costs of an architecture need no file.
  @Test func architectures() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let start = [
      "inspect", "--hardware", "--network", "resnet20-cifar:input=28x28x1,classes=10", "--widths",
    ]
    let one = try tool.run(start + ["W4A3,4,5", "--mean-bits", "4.25"])
    #expect(one.status == 0 && one.output.contains("W4A{3,4,5}, 4.25 bits"), "\(one.error)")
    let two = try tool.run(start + ["W3A3", "--widths", "w5a5", "--continuing", "0.27"])
    #expect(two.status == 0 && two.output.contains("27.00 % continue"), "\(two.error)")
    for (arguments, culprit) in [
      (["4"], "--widths"), (["W4A"], "--widths"), (["W9A9"], "9"), (["W4A4A4"], "--widths"),
      (["W3A3", "--widths", "W5A5"], "--continuing"),
    ] {
      try tool.expectRefusal(start + arguments, naming: culprit)
    }
  }

  @Test(arguments: [
    (["student.safetensors", "--mean-bits", "4"], "--mean-bits"),
    (["student.safetensors", "--layers"], "--layers"),
    (["student.safetensors", "--hardware", "--mean-bits", "nan"], "--mean-bits"),
    (["student.safetensors", "--hardware", "--continuing", "0.5"], "--continuing"),
    (["student.safetensors", "--hardware", "--continuing", "0.5,x"], "--continuing"),
    (["student.safetensors", "--hardware", "--layer", "conv1"], "--layer"),
    (["images.safetensors", "--hardware"], "--hardware"),
    (["tiny.safetensors", "--hardware"], "--hardware"),
    (["student.safetensors", "--hardware", "--widths", "W4A4"], "--widths"),
    (["--hardware", "--network", "resnet20"], "--widths"),
  ])
  func refuses(arguments: [String], culprit: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    try tool.expectRefusal(["inspect"] + arguments, naming: culprit, code: 64)
  }
}
