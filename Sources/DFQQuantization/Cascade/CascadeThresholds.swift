/// Finds the thresholds of a cascade from what its levels did with a set of images.
package struct CascadeThresholds {
  /// What one level did with every image.
  package struct Level {
    let margins: [Float]
    let bitOPs: [Double]

    package init(margins: [Float], bitOPs: [Double]) {
      self.margins = margins
      self.bitOPs = bitOPs
    }
  }

  private let levels: [Level]

  package init(_ levels: [Level]) { self.levels = levels }

  /// The thresholds at which the mean cost is at most the budget and as many images as possible
  /// continue, and the shares of each level's images that do.
  ///
  /// - Throws: ``QuantizationError/noImages(what:)``,
  ///   ``QuantizationError/budgetUnreachable(budget:cheapest:unit:)``.
  package func fitted(
    budget: Double
  ) throws -> (thresholds: [Float], shares: [Double]) {
    let count = levels[0].bitOPs.count
    guard count > 0 else { throw QuantizationError.noImages(what: "a cascade's thresholds") }
    let cheapest = levels[0].bitOPs.reduce(0, +) / Double(count)
    guard cheapest <= budget else {
      throw QuantizationError.budgetUnreachable(
        budget: budget, cheapest: cheapest, unit: "BitOPs an image")
    }
    var (low, high) = (0.0, 1.0)
    if fit(share: 1).cost <= budget { low = 1 }
    while high - low > 1e-9 {
      let middle = (low + high) / 2
      if fit(share: middle).cost <= budget { low = middle } else { high = middle }
    }
    let best = fit(share: low)
    return (best.thresholds, best.shares)
  }

  /// Thresholds at which a share of the images continues after each level, the shares that do, and
  /// the mean cost.
  private func fit(share: Double) -> (thresholds: [Float], shares: [Double], cost: Double) {
    let count = levels[0].bitOPs.count
    var remaining = Array(0..<count)
    var cost = levels[0].bitOPs.reduce(0, +)
    var thresholds: [Float] = []
    var shares: [Double] = []
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
      let before = remaining.count
      remaining = order.filter { margins[$0] < threshold }.sorted()
      shares.append(before == 0 ? 0 : Double(remaining.count) / Double(before))
      cost += remaining.reduce(0) { $0 + levels[level + 1].bitOPs[$1] }
    }
    return (thresholds, shares, cost / Double(count))
  }
}
