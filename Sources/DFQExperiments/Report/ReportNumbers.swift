import DynaDFQ
import Foundation

/// How reports print numbers.
enum ReportNumbers {
  /// Fixed digits; never "-0", and a dash for what is no number.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "-" }
    let text = String(format: "%.\(digits)f", value)
    return text.hasPrefix("-") && !text.contains(where: { ("1"..."9").contains($0) })
      ? String(text.dropFirst()) : text
  }

  /// Mean and, over several seeds, deviation.
  static func spread(_ spread: SeedSpread, scale: Double = 1, digits: Int) -> String {
    let mean = fixed(scale * spread.mean, digits)
    return spread.deviation.map { "\(mean) ± \(fixed(scale * $0, digits))" } ?? mean
  }

  /// A difference in points with its 95 % interval.
  static func difference(_ value: PairedBootstrap) -> String {
    "\(signed(100 * value.mean)) [\(signed(100 * value.lower)), \(signed(100 * value.upper))]"
  }

  static func signed(_ value: Double) -> String {
    let text = fixed(value, 2)
    return text.hasPrefix("-") ? text : "+" + text
  }

  static func probability(_ value: Double) -> String {
    value < 0.001 ? "< 0.001" : fixed(value, 3)
  }
}
