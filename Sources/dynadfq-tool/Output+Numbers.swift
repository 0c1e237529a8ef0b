import Foundation

/// How numbers are printed: one way for each kind, everywhere.
extension Output {
  static func percent(_ share: Double?) -> String {
    share.map { fixed(100 * $0, digits: 2) } ?? "-"
  }

  /// A difference in points with its 95 % interval.
  static func difference(_ value: Double?, _ interval: Double?) -> String {
    guard let value, let interval else { return "" }
    let sign = fixed(100 * value, digits: 2).hasPrefix("-") ? "" : "+"
    return "\(sign)\(fixed(100 * value, digits: 2)) ± \(fixed(100 * interval, digits: 2))"
  }

  static func mega(_ value: Double) -> String { fixed(value / 1e6, digits: 1) + " M" }

  static func bits(_ value: Double) -> String { fixed(value, digits: 2) }

  /// Three significant digits, without an exponent where it is readable without.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    let magnitude = abs(value)
    if magnitude == 0 { return "0" }
    guard (1e-3..<1e6).contains(magnitude) else {
      return String(format: "%.2e", value)
    }
    return fixed(value, digits: magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 4)
  }

  /// A number with fixed digits; never "-0", and a dash for what is no number.
  static func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return "-" }
    let text = String(format: "%.\(digits)f", value)
    return text.hasPrefix("-") && !text.contains(where: { ("1"..."9").contains($0) })
      ? String(text.dropFirst()) : text
  }
}
