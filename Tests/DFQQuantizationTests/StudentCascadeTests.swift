import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Cascades of independent students: thresholds by hand, runs, costs and files.
@Suite struct StudentCascadeTests {
  private static let context = ExecutionContext(threads: 2)

  // MARK: Thresholds by hand

  private let first = CascadeThresholds.Level(
    margins: [5, 1, 4, 2, 3, 9, 8, 7, 6, 10], bitOPs: [Double](repeating: 1, count: 10))
  private let second = CascadeThresholds.Level(
    margins: [Float](repeating: 1, count: 10), bitOPs: [Double](repeating: 2, count: 10))

  /// Each image that continues costs 2/10 of the mean more: a budget of 1.65 pays for three.
  @Test func twoLevels() throws {
    let found = try CascadeThresholds([first, second]).fitted(budget: 1.65)
    #expect(found.thresholds == [3.5] && found.shares == [0.3])
  }

  @Test func budgetsAtTheEnds() throws {
    let thresholds = CascadeThresholds([first, second])
    #expect(try thresholds.fitted(budget: 1).thresholds == [0])
    #expect(try thresholds.fitted(budget: 3).thresholds == [11])
    #expect(throws: QuantizationError.self) { try thresholds.fitted(budget: 0.9) }
    let nothing = CascadeThresholds.Level(margins: [], bitOPs: [])
    #expect(throws: QuantizationError.self) {
      try CascadeThresholds([nothing, nothing]).fitted(budget: 9)
    }
  }

  /// The share is the same after each level: half of ten, then half of five rounded down; one more of
  /// ten would take a third to the last level.
  @Test func threeLevels() throws {
    let third = CascadeThresholds.Level(
      margins: [Float](repeating: 1, count: 10), bitOPs: [Double](repeating: 10, count: 10))
    let middle = CascadeThresholds.Level(
      margins: (1...10).map(Float.init), bitOPs: [Double](repeating: 2, count: 10))
    let found = try CascadeThresholds([first, middle, third]).fitted(budget: 4.5)
    #expect(found.thresholds == [5.5, 2.5])
    #expect(found.shares == [0.5, 0.4])
  }

  // MARK: Runs

  private func student(_ bits: Int, network: Network? = nil) throws -> QuantizedNetwork {
    var student = try QuantizedNetwork(
      network: try network ?? .tinyResNet(seed: 4),
      quantizer: Quantizer(weightBits: bits, activationBits: [bits]))
    var stream = RandomStream(seed: 2)
    try student.calibrate(
      batches: [stream.tensor([16, 8, 8, 3])], context: StudentCascadeTests.context)
    return student
  }

  private func images() -> Tensor {
    var stream = RandomStream(seed: 7)
    return stream.tensor([40, 8, 8, 3])
  }

  private func fitted(budget share: Double) throws -> StudentCascade {
    let levels = [try student(3), try student(5)]
    let runs = try levels.map {
      try StudentEvaluator($0, context: StudentCascadeTests.context).run(
        images(), policy: .selector)
    }
    return try StudentCascade(
      levels: levels, runs: runs,
      budget: runs[0].averageBitOPs + share * runs[1].averageBitOPs)
  }

  /// A quarter continues; predictions, logits and costs are those of the levels.
  @Test func everyImage() throws {
    let cascade = try fitted(budget: 0.25)
    let run = try CascadeEvaluator(cascade, context: StudentCascadeTests.context).run(images())
    #expect(run.lastLevels.filter { $0 == 1 }.count == 10)
    let levels = try cascade.levels.map {
      try StudentEvaluator($0, context: StudentCascadeTests.context).run(
        images(), policy: .selector)
    }
    for image in 0..<40 {
      let last = run.lastLevels[image]
      let own = levels[last].logits[image * 4..<image * 4 + 4]
      #expect(run.logits[image * 4..<image * 4 + 4] == own)
      #expect(run.predictions[image] == levels[last].predictions[image])
      #expect(run.firstPredictions[image] == levels[0].predictions[image])
      #expect(run.passes[image] == last + 1)
      // Both passes are paid.
      #expect(
        run.bitOPs[image] == levels[0].bitOPs[image] + (last == 1 ? levels[1].bitOPs[image] : 0))
      #expect((run.firstMargins[image] < cascade.thresholds[0]) == (last == 1))
    }
    // One image decides as in a batch.
    for image in [0, 13, 39] {
      let single = try CascadeEvaluator(cascade, context: StudentCascadeTests.context).run(
        images().rows(image..<image + 1))
      #expect(single.predictions == [run.predictions[image]])
      #expect(single.bitOPs == [run.bitOPs[image]])
    }
  }

  // MARK: Rules by hand

  private func last(_ margins: [Float], share: Double, _ rule: CascadeRule) throws -> [Int] {
    try StudentCascade(
      levels: [try student(3), try student(5)], thresholds: [2], shares: [share], rule: rule
    ).lastLevels(margins: [margins, margins])
  }

  /// A third of four and of eight and of ten images: one, then one more, then one more of the last two.
  @Test func ranked() throws {
    let margins: [Float] = [9, 3, 5, 7, 9, 9, 4, 9, 8, 1]
    let found = try last(margins, share: 1.0 / 3, .ranked(batch: 4))
    #expect(found == [0, 1, 0, 0, 0, 0, 1, 0, 0, 1])
    // Equal margins: the first image.
    #expect(try last([1, 1, 1, 1], share: 0.5, .ranked(batch: 4)) == [1, 1, 0, 0])
  }

  /// The threshold begins at 2 and moves by 0.5 * 2 * 0.25 up, or by 0.5 * 2 * 0.75 down.
  @Test func streaming() throws {
    // 2 -> 2.25 (not) -> 2.5 (not) -> 1.75 (2.4 continues) -> 1 (1.7 continues) -> 1.25.
    let found = try last([5, 2.3, 2.4, 1.7, 1.1], share: 0.25, .streaming(rate: 0.5))
    #expect(found == [0, 0, 1, 1, 0])
    // Whatever the margins, the share continues in the long run.
    var stream = RandomStream(seed: 1)
    let margins = (0..<20_000).map { _ in 40 + 5 * stream.normal() }
    let share =
      Double(
        try last(margins, share: 0.25, .streaming(rate: 0.05)).reduce(0, +)) / 20_000
    // About 1,400 images pass before the threshold, which rises by 0.025 an image, is near 37.
    #expect(abs(share - 0.25) < 0.03, "\(share)")
  }

  /// A stream may come in parts: the rules go on from call to call.
  @Test(arguments: [CascadeRule.ranked(batch: 4), .streaming(rate: 0.1)])
  func streamsInParts(rule: CascadeRule) throws {
    let fitted = try fitted(budget: 0.25)
    let cascade = try StudentCascade(
      levels: fitted.levels, thresholds: fitted.thresholds, shares: fitted.shares, rule: rule)
    let evaluator = CascadeEvaluator(cascade, context: StudentCascadeTests.context)
    let whole = try evaluator.run(images())
    #expect(Set(whole.lastLevels) == [0, 1])
    evaluator.reset()
    let parts = try stride(from: 0, to: 40, by: 8).flatMap {
      try evaluator.run(images().rows($0..<$0 + 8)).lastLevels
    }
    #expect(parts == whole.lastLevels)
  }

  // MARK: Files

  private func temporaryFile() -> String {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("cascade-\(UUID()).safetensors").path
  }

  @Test func files() throws {
    let cascade = try fitted(budget: 0.5)
    let path = temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try cascade.write(to: path)
    let read = try StudentCascade(contentsOf: path)
    #expect(read.thresholds == cascade.thresholds)
    #expect(read.rule == cascade.rule)
    #expect(try read.file().encoded() == cascade.file().encoded())
    // A cascade is no student, nor the other way round.
    #expect(throws: QuantizationError.self) { try QuantizedNetwork(contentsOf: path) }
    try cascade.levels[0].write(to: path)
    #expect(throws: QuantizationError.self) { try StudentCascade(contentsOf: path) }
  }

  /// Numbers of levels, thresholds and metadata that no writer makes.
  @Test func hostileFiles() throws {
    let good = try fitted(budget: 0.5).file()
    let path = temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: path) }
    for (key, value) in [
      ("levels", "1"), ("levels", "9223372036854775807"), ("levels", "3"), ("levels", "x"),
      ("level.1", "{"), ("rule", "{}"), ("rule", #"{"ranked":{"batch":-1}}"#), ("level.0", "{}"),
      ("format", "dynadfq cascade 9"),
    ] {
      var file = good
      file.metadata[key] = value
      try file.write(to: path)
      #expect(throws: (any Error).self, "\(key) \(value)") {
        try StudentCascade(contentsOf: path)
      }
    }
    var kept = good
    kept.add("level.0.__metadata__", Tensor(shape: [1], elements: [1]))
    try kept.write(to: path)
    #expect(throws: QuantizationError.self) { try StudentCascade(contentsOf: path) }
    for thresholds in [[], [1, 2], [Float.nan], [-1], [.infinity]] as [[Float]] {
      var file = SafetensorsFile(metadata: good.metadata)
      for name in good.names where name != "thresholds" {
        file.add(name, try good.tensor(name))
      }
      file.add("thresholds", Tensor(shape: [thresholds.count], elements: thresholds))
      try file.write(to: path)
      #expect(throws: (any Error).self, "\(thresholds)") { try StudentCascade(contentsOf: path) }
    }
  }

  @Test func levelsThatDoNotFit() throws {
    let low = try student(3)
    #expect(throws: QuantizationError.self) {
      try StudentCascade(levels: [low], thresholds: [], shares: [])
    }
    let other = try Architecture(name: "resnet8-cifar:input=8x8x3,classes=5").network(seed: 1)
    #expect(throws: QuantizationError.self) {
      try StudentCascade(
        levels: [low, try student(5, network: other)], thresholds: [1], shares: [0.5])
    }
    for rule in [CascadeRule.ranked(batch: 1), .streaming(rate: 0), .streaming(rate: .nan)] {
      #expect(throws: QuantizationError.self) {
        try StudentCascade(levels: [low, low], thresholds: [1], shares: [0.5], rule: rule)
      }
    }
    for shares in [[], [1.5], [.nan]] as [[Double]] {
      #expect(throws: QuantizationError.self) {
        try StudentCascade(levels: [low, low], thresholds: [1], shares: shares)
      }
    }
  }
}
