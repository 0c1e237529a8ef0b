/// A multiple-choice knapsack: one option of every group, so that the costs are at most a budget and the
/// losses are least.
package struct AllocationProblem {
  /// What can be chosen in a group.
  package struct Option: Equatable {
    package var cost: Double
    package var loss: Double
    package var bits: [Int]

    package init(cost: Double, loss: Double, bits: [Int]) {
      self.cost = cost
      self.loss = loss
      self.bits = bits
    }
  }

  /// The groups, each with at least one option.
  package let groups: [[Option]]
  package let budget: Double
  /// The most parts that what can be spent is divided into where the costs have no common unit.
  let parts: Int
  /// The most parts where they have one.
  private static let exactParts = 500_000

  package init(groups: [[Option]], budget: Double, parts: Int = 20_000) {
    self.groups = groups
    self.budget = budget
    self.parts = parts
  }

  /// The options that no other option beats in both cost and loss, by rising cost.
  package static func undominated(_ options: [Option]) -> [Option] {
    var result: [Option] = []
    let ordered = options.enumerated().sorted {
      ($0.element.cost, $0.element.loss, $0.offset) < ($1.element.cost, $1.element.loss, $1.offset)
    }
    for (_, option) in ordered where option.loss < (result.last?.loss ?? .infinity) {
      result.append(option)
    }
    return result
  }

  /// The position of the chosen option in each group.
  ///
  /// Dynamic programming over what is spent above the cheapest options, in parts. Costs of networks are
  /// whole numbers of operations with a large common divisor; where that is the part, the solution is
  /// exact. Otherwise costs are rounded up to a part of ``parts``, so that the budget is never exceeded,
  /// and what rounding leaves is spent where it lowers the loss most.
  ///
  /// - Throws: ``QuantizationError/budgetUnreachable(budget:cheapest:unit:)``.
  package func solution() throws -> [Int] {
    let cheapest = groups.map { group in group.map(\.cost).min() ?? 0 }
    let spare = budget - cheapest.reduce(0, +)
    // A share of a cost may round.
    guard spare >= -1e-12 * abs(budget) else {
      throw QuantizationError.budgetUnreachable(
        budget: budget, cheapest: cheapest.reduce(0, +), unit: "BitOPs")
    }
    let unit = commonUnit(above: cheapest)
    let units = unit.map { (max(spare, 0) / $0).rounded(.down) } ?? .infinity
    let isExact = units <= Double(AllocationProblem.exactParts)
    let parts = isExact ? Int(units) : self.parts
    let part = isExact ? unit! : max(spare, 0) / Double(parts)
    func extra(_ group: Int, _ option: Int) -> Int? {
      let more = groups[group][option].cost - cheapest[group]
      if more <= 0 { return 0 }
      guard part > 0, more <= spare else { return nil }
      return Int((more / part).rounded(.up))
    }
    var best = [Double](repeating: 0, count: parts + 1)
    var choices: [[Int16]] = []
    for group in groups.indices {
      var next = [Double](repeating: .infinity, count: parts + 1)
      var chosen = [Int16](repeating: -1, count: parts + 1)
      for option in groups[group].indices {
        guard let extra = extra(group, option), extra <= parts else { continue }
        let loss = groups[group][option].loss
        for spent in extra...parts where best[spent - extra] + loss < next[spent] {
          next[spent] = best[spent - extra] + loss
          chosen[spent] = Int16(option)
        }
      }
      best = next
      choices.append(chosen)
    }
    var result = [Int](repeating: 0, count: groups.count)
    var spent = parts
    for group in groups.indices.reversed() {
      result[group] = Int(choices[group][spent])
      spent -= extra(group, result[group])!
    }
    spendRest(&result)
    return result
  }

  /// The greatest number that divides every cost above the cheapest of its group; nil where they are not
  /// whole numbers.
  private func commonUnit(above cheapest: [Double]) -> Double? {
    var divisor = 0
    for (group, least) in zip(groups, cheapest) {
      for option in group {
        let more = option.cost - least
        guard more < 0x1p53, more == more.rounded() else { return nil }
        var other = Int(more)
        while other != 0 { (divisor, other) = (other, divisor % other) }
      }
    }
    return Double(max(divisor, 1))
  }

  /// Exchanges single options for better ones that the rest of the budget allows, best first.
  private func spendRest(_ result: inout [Int]) {
    while true {
      let cost = zip(groups, result).reduce(0) { $0 + $1.0[$1.1].cost }
      var best: (gain: Double, group: Int, option: Int)?
      for group in groups.indices {
        let now = groups[group][result[group]]
        for (option, other) in groups[group].enumerated() {
          let gain = now.loss - other.loss
          guard gain > 0, cost - now.cost + other.cost <= budget, gain > best?.gain ?? 0 else {
            continue
          }
          best = (gain, group, option)
        }
      }
      guard let best else { return }
      result[best.group] = best.option
    }
  }
}
