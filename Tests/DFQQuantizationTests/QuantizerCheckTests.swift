import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Settings that cannot be used are refused before they do harm.
@Suite struct QuantizerCheckTests {
  private func decoded(_ change: (inout [String: Any]) -> Void) throws -> Quantizer {
    let quantizer = Quantizer(weightBits: 4, activationBits: [3, 4])
    let data = try JSONEncoder().encode(quantizer)
    var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    change(&object)
    return try JSONDecoder().decode(
      Quantizer.self, from: JSONSerialization.data(withJSONObject: object))
  }

  @Test func candidatesAreAscendingAndEachOnce() throws {
    var quantizer = Quantizer(weightBits: 4, activationBits: [5, 3, 3, 4, 3, 3, 3, 3, 3, 5])
    #expect(quantizer.activationBits == [3, 4, 5])
    quantizer.activationBits = [4, 4, 2]
    #expect(quantizer.activationBits == [2, 4])
    #expect(Quantizer.Override("x", activationBits: [8, 4, 8]).activationBits == [4, 8])
    #expect(try decoded { $0["activationBits"] = [5, 4, 4, 3] }.activationBits == [3, 4, 5])
    let rule: [String: Any] = ["pattern": "conv1", "activationBits": [8, 2, 2], "ignored": false]
    let read = try decoded { $0["overrides"] = [rule] }
    #expect(read.overrides[0].activationBits == [2, 8])
    let nine = Quantizer(weightBits: 4, activationBits: [Int](repeating: 4, count: 9))
    let student = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: nine, selector: .init(.perLayer), seed: 0)
    #expect(!student.isDynamic && student.outputs.allSatisfy { $0.bits == [4] })
  }

  private func error(_ change: (inout Quantizer) -> Void) -> QuantizationError? {
    var quantizer = Quantizer(weightBits: 4, activationBits: [3, 4])
    change(&quantizer)
    do {
      try quantizer.check()
      return nil
    } catch {
      return error as? QuantizationError
    }
  }

  @Test func rangeRules() {
    let fine: [RangeRule] = [
      .minMax, .meanSquaredError, .percentile(0.999), .percentile(1), .movingAverage(decay: 0),
      .movingAverage(decay: 0.99), .batchNormStatistics(deviations: 6),
    ]
    for rule in fine { #expect(error { $0.activations.range = rule } == nil, "\(rule)") }
    let bad: [RangeRule] = [
      .percentile(0.4), .percentile(1.1), .percentile(.nan), .movingAverage(decay: 1),
      .movingAverage(decay: -0.1), .movingAverage(decay: .nan),
      .batchNormStatistics(deviations: 1e38), .batchNormStatistics(deviations: 0),
      .batchNormStatistics(deviations: .nan), .batchNormStatistics(deviations: .infinity),
    ]
    for rule in bad {
      guard case .badRange(let part, _, _)? = error({ $0.activations.range = rule }) else {
        Issue.record("\(rule) was accepted")
        continue
      }
      #expect(part == "activations")
    }
  }

  /// Weights took these silently as their extremes.
  @Test func rangeRulesOfWeights() throws {
    for rule in [RangeRule.movingAverage(decay: 0.9), .batchNormStatistics(deviations: 6)] {
      guard case .badRange(let part, _, _)? = error({ $0.weights.range = rule }) else {
        Issue.record("\(rule) was accepted")
        continue
      }
      #expect(part == "weights")
    }
    #expect(error { $0.weights.range = .percentile(0.99) } == nil)
    var quantizer = Quantizer.family(weightBits: 4, activationBits: [4])
    #expect(throws: Never.self) { try quantizer.check() }
    quantizer.weights.range = .movingAverage(decay: 0.5)
    #expect(throws: QuantizationError.self) {
      _ = try QuantizedNetwork(
        network: .tinyResNet(), quantizer: quantizer, selector: nil, seed: 0)
    }
  }

  @Test func selectors() {
    let bad = [
      BitSelector(.perLayer, features: []), BitSelector(.perLayer, positions: 0),
      BitSelector(.perImage, positions: 65), BitSelector(.perLayer, hidden: -1),
      BitSelector(.perImage, hidden: 5000), BitSelector(.perImage, point: -1),
      BitSelector(MarginCascade(levels: [3], shares: [])),
      BitSelector(MarginCascade(levels: [5, 3], shares: [0.1])),
      BitSelector(MarginCascade(levels: [3, 5], shares: [1.5])),
      BitSelector(MarginCascade(levels: [3, 5], shares: [.nan])),
      BitSelector(MarginCascade(levels: [3, 4, 5], shares: [0.1, 0.2])),
    ]
    for selector in bad {
      #expect(throws: QuantizationError.self, "\(selector)") {
        _ = try QuantizedNetwork(
          network: .tinyResNet(), quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
          selector: selector, seed: 0)
      }
    }
    // A level that nothing has.
    #expect(throws: QuantizationError.notACandidate(bits: 6, candidates: [3, 5])) {
      _ = try QuantizedNetwork(
        network: .tinyResNet(), quantizer: Quantizer(weightBits: 4, activationBits: [3, 5]),
        selector: .init(MarginCascade(levels: [3, 6], shares: [0.1])), seed: 0)
    }
  }

  @Test func messagesAreOneLine() {
    let errors: [any LocalizedError] = [
      QuantizationError.badRange(part: "weights", expected: "a", found: "b"),
      QuantizationError.ruleMatchesNothing(pattern: "a\u{1B}[31m\nb"),
      QuantizationError.badStudent(
        path: "p", expected: "e", found: String(repeating: "x", count: 100_000)),
      LinearAlgebraError.notFinite(rows: 2),
    ]
    for error in errors {
      let text = error.errorDescription ?? ""
      #expect(text == "\(error)" && !text.isEmpty && text.count < 1000)
      #expect(!text.contains { $0.isNewline || $0 == "\u{1B}" })
    }
  }
}
