/// Percentiles of a few values.
package enum Percentile {
  /// The value below which a share of the values lies, between the two nearest in order in proportion;
  /// 0 of none.
  package static func of(_ values: [Double], _ share: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let place = share * Double(sorted.count - 1)
    let lower = min(max(Int(place), 0), sorted.count - 1)
    let upper = min(lower + 1, sorted.count - 1)
    return sorted[lower] + (place - Double(lower)) * (sorted[upper] - sorted[lower])
  }
}
