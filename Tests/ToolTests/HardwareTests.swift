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

  @Test(arguments: [
    (["student.safetensors", "--mean-bits", "4"], "--mean-bits"),
    (["student.safetensors", "--layers"], "--layers"),
    (["student.safetensors", "--hardware", "--mean-bits", "nan"], "--mean-bits"),
    (["student.safetensors", "--hardware", "--continuing", "0.5"], "--continuing"),
    (["student.safetensors", "--hardware", "--continuing", "0.5,x"], "--continuing"),
    (["student.safetensors", "--hardware", "--layer", "conv1"], "--layer"),
    (["images.safetensors", "--hardware"], "--hardware"),
    (["tiny.safetensors", "--hardware"], "--hardware"),
  ])
  func refuses(arguments: [String], culprit: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    try tool.expectRefusal(["inspect"] + arguments, naming: culprit, code: 64)
  }
}
