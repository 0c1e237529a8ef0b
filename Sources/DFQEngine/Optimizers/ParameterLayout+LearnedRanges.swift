public import DFQGraph

extension ParameterLayout {
  /// The ranges of all learned parameters; adjacent ranges are merged.
  public var learnedRanges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    for entry in entries where entry.role.isLearned {
      if let last = ranges.last, last.upperBound == entry.range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<entry.range.upperBound
      } else {
        ranges.append(entry.range)
      }
    }
    return ranges
  }
}
