import DynaDFQ

/// What one student of a cascade does with every image of a set.
package struct LevelRun: Sendable {
  var margins: [Float]
  var bitOPs: [Double]

  package init(margins: [Float], bitOPs: [Double]) {
    self.margins = margins
    self.bitOPs = bitOPs
  }

  var meanBitOPs: Double { bitOPs.reduce(0, +) / Double(max(bitOPs.count, 1)) }
}

/// Finds the thresholds of a cascade on synthetic images.
///
/// An image whose margin after a level is below the level's threshold runs at the next level.
package protocol CascadeFitter: Sendable {
  /// The fitter's name in identities.
  static var kind: String { get }

  /// One threshold for each level but the last, so that the mean cost of the images is at most the
  /// budget.
  func thresholds(_ levels: [LevelRun], budget: Double) throws -> [Float]
}

/// Lets the same share of the images continue after each level, the largest that the budget allows.
package struct MarginFitter: CascadeFitter {
  package static let kind = "margin share"

  package init() {}

  package func thresholds(_ levels: [LevelRun], budget: Double) throws -> [Float] {
    let cheapest = levels[0].meanBitOPs
    guard cheapest <= budget else {
      throw QuantizationError.budgetUnreachable(
        budget: budget, cheapest: cheapest, unit: "BitOPs an image")
    }
    var (low, high) = (0.0, 1.0)
    if fit(levels, share: 1).cost <= budget { low = 1 }
    while high - low > 1e-9 {
      let middle = (low + high) / 2
      if fit(levels, share: middle).cost <= budget { low = middle } else { high = middle }
    }
    return fit(levels, share: low).thresholds
  }

  /// Thresholds at which a share of the images continues after each level, and their mean cost.
  private func fit(
    _ levels: [LevelRun], share: Double
  ) -> (thresholds: [Float], cost: Double) {
    let count = levels[0].bitOPs.count
    var remaining = Array(0..<count)
    var cost = levels[0].bitOPs.reduce(0, +)
    var thresholds: [Float] = []
    for level in levels.indices.dropLast() {
      let margins = levels[level].margins
      let order = remaining.sorted { (margins[$0], $0) < (margins[$1], $1) }
      let wanted = min(order.count, Int((share * Double(order.count)).rounded(.down)))
      let threshold: Float =
        if wanted == 0 {
          0
        } else if wanted == order.count {
          margins[order[wanted - 1]] + 1
        } else {
          (margins[order[wanted - 1]] + margins[order[wanted]]) / 2
        }
      thresholds.append(threshold)
      remaining = order.filter { margins[$0] < threshold }.sorted()
      cost += remaining.reduce(0) { $0 + levels[level + 1].bitOPs[$1] }
    }
    return (thresholds, cost / Double(max(count, 1)))
  }
}
