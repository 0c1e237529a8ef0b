/// Small statistics over images.
package enum Statistics {
  package static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// The sample standard deviation; 0 for fewer than two values.
  package static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = mean(values)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1))
      .squareRoot()
  }

  /// Half the width of the 95 % interval of a mean (normal approximation).
  package static func interval(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : 1.96 * deviation(values) / Double(values.count).squareRoot()
  }

  /// Spearman's rank correlation, ties at their mean rank; nil where either side does not vary.
  package static func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double? {
    let (x, y) = (ranks(a), ranks(b))
    let (mx, my) = (mean(x), mean(y))
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for index in x.indices {
      xy += (x[index] - mx) * (y[index] - my)
      xx += (x[index] - mx) * (x[index] - mx)
      yy += (y[index] - my) * (y[index] - my)
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : nil
  }

  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
      for place in start...end { ranks[order[place]] = Double(start + end) / 2 }
      start = end + 1
    }
    return ranks
  }
}
