import DynaDFQ
import Foundation

/// What commands print.
enum Output {
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Rows under a header, columns aligned: the first left, the others right.
  static func table(_ header: [String], _ rows: [[String]]) {
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max()!
    }
    for (index, row) in ([header] + rows).enumerated() {
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }
      print(cells.joined(separator: "  "))
      if index == 0 {
        print(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "))
      }
    }
  }

  static func percent(_ share: Double?) -> String {
    share.map { String(format: "%.2f", 100 * $0) } ?? "-"
  }

  /// A difference in points with its 95 % interval.
  static func difference(_ value: Double?, _ interval: Double?) -> String {
    guard let value, let interval else { return "" }
    return String(format: "%+.2f ± %.2f", 100 * value, 100 * interval)
  }

  static func mega(_ value: Double) -> String { String(format: "%.1f M", value / 1e6) }
  static func bits(_ value: Double) -> String { String(format: "%.2f", value) }

  static func policyRow(_ policy: EvaluationReport.Policy) -> [String] {
    [
      policy.name,
      "\(percent(policy.accuracy)) ± \(String(format: "%.2f", 100 * policy.accuracyInterval))",
      percent(policy.agreement), mega(policy.meanBitOPs), mega(policy.familyBitOPs),
      bits(policy.meanActivationBits), difference(policy.difference, policy.differenceInterval),
    ]
  }

  static let policyHeader = [
    "bits chosen by", "accuracy %", "agreement %", "BitOPs", "family's", "mean bits",
    "difference (95 %)",
  ]

  static func report(_ report: EvaluationReport) {
    print("\(report.dataset), \(report.imageCount) images")
    if let teacher = report.teacherAccuracy { print("teacher: \(percent(teacher)) %") }
    table(policyHeader, ([report.student] + report.controls).map(policyRow))
    guard report.layers.contains(where: { $0.histogram.count > 1 || $0.spread > 0 }) else { return }
    let widths = Set(report.layers.flatMap { $0.histogram.keys }).sorted()
    print("\nimages by bits of each quantized output")
    table(
      ["output"] + widths.map { "\($0) bits" } + ["mean", "spread over images"],
      report.layers.map { layer in
        [layer.name] + widths.map { "\(layer.histogram[$0] ?? 0)" }
          + [bits(layer.mean), bits(layer.spread)]
      })
    print(
      "selector: \(mega(report.selectorBitOPs)) BitOPs; mean bits of images spread by "
        + bits(report.bitsSpreadOverImages)
        + "; rank correlation with the teacher's entropy "
        + (report.entropyCorrelation.map(bits) ?? "undefined"))
  }
}
