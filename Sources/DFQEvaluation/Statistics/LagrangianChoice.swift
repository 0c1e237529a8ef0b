/// Chooses one of several options for each image, so that the sum of losses is small at a mean cost.
package enum LagrangianChoice {
  /// The option of each image with the least loss + price x cost, at the least price at which the mean
  /// cost is within a budget; the cheapest options where no price is enough.
  ///
  /// No other choice of the same mean cost has a smaller sum of losses (Everett 1963).
  ///
  /// - Parameters:
  ///   - losses: Of each option, the loss of each image.
  ///   - costs: Of each option, the cost of each image, at least 0.
  ///   - budget: The mean cost.
  /// - Returns: The option of each image; of equal ones the cheapest.
  package static func options(losses: [[Double]], costs: [[Double]], budget: Double) -> [Int] {
    let images = losses.first?.indices ?? 0..<0
    guard !images.isEmpty else { return [] }
    func choose(_ price: Double) -> [Int] {
      images.map { image in
        losses.indices.min { a, b in
          let first = (losses[a][image] + price * costs[a][image], costs[a][image], a)
          let second = (losses[b][image] + price * costs[b][image], costs[b][image], b)
          return first < second
        } ?? 0
      }
    }
    func isWithin(_ options: [Int]) -> Bool {
      let sum = zip(images, options).reduce(0) { $0 + costs[$1.1][$1.0] }
      // The mean of equal costs must not miss them by rounding.
      return sum <= budget * Double(images.count) * (1 + 1e-12)
    }
    let free = choose(0)
    if isWithin(free) { return free }
    // At a price above every difference of losses over every difference of costs the cheapest win.
    let cheapest = images.map { image in
      losses.indices.min {
        (costs[$0][image], losses[$0][image]) < (costs[$1][image], losses[$1][image])
      }
        ?? 0
    }
    guard isWithin(cheapest) else { return cheapest }
    let scale = costs.flatMap(\.self).max() ?? 1
    var (low, high) = (0.0, (losses.flatMap(\.self).max() ?? 1) / scale + 1 / scale)
    while !isWithin(choose(high)), high.isFinite { (low, high) = (high, high * 2) }
    guard high.isFinite else { return cheapest }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { break }
      if isWithin(choose(middle)) { high = middle } else { low = middle }
    }
    return choose(high)
  }
}
