/// Which candidate of each quantized output stands for each candidate of the decision that governs
/// it, by bits.
///
/// Positions are not widths: the second candidate of [4, 8] has 8 bits, that of [3, 4, 5] has 4. A
/// decision for b bits gives each output that it governs its candidate of b bits; where the output
/// has no such candidate, the next more; where it has no more, its most. Values, gradients, prices,
/// costs and controls all read this one map.
public struct DecisionMap: Sendable, Hashable {
  /// The decisions, by the quantized output they are taken at.
  public let sites: [DecisionSite]
  /// The outputs' candidate bits.
  let bits: [[Int]]
  /// The site that governs each output, nil where its bits are not decided.
  let siteOfOutput: [Int?]
  /// The place of the decision that governs each output among all groups of all sites.
  let slotOfOutput: [Int?]
  /// The place of each site's first group.
  let firstSlots: [Int]
  /// The site whose features are taken at each output.
  let siteAtOutput: [Int?]
  /// The number of groups of all sites.
  let slotCount: Int
  /// By output: the position of its candidate for each candidate of its site.
  private let table: [[Int]]

  /// Makes the map of a network's quantized outputs and decisions.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)`` for decisions that cannot be
  ///   taken: at no output, about an earlier output, two about one output, or with settings out of
  ///   bounds.
  public init(outputs: [QuantizedOutput], sites: [DecisionSite]) throws {
    func demand(_ holds: Bool, _ expected: String, _ found: @autoclosure () -> String) throws {
      guard holds else {
        throw QuantizationError.badSelector(expected: expected, found: found())
      }
    }
    var sites = sites.sorted { $0.output < $1.output }
    if let first = sites.firstIndex(where: { $0.image != nil }) {
      for later in sites.indices.dropFirst(first + 1) { sites[later].paysImage = false }
    }
    var governing = [Int?](repeating: nil, count: outputs.count)
    var taken = governing
    var slots = governing
    var (firstSlots, slotCount) = ([Int](), 0)
    for (index, site) in sites.enumerated() {
      firstSlots.append(slotCount)
      try demand(
        outputs.indices.contains(site.output), "a quantized output in 0..<\(outputs.count)",
        "\(site.output)")
      try demand(taken[site.output] == nil, "one decision at an output", "two at \(site.output)")
      taken[site.output] = index
      try demand(
        !site.candidates.isEmpty && site.candidates.allSatisfy { (2...8).contains($0) },
        "candidates in 2...8", "\(site.candidates)")
      try demand(site.featureCount > 0, "at least one statistic", "none")
      try demand(
        !site.groups.isEmpty && site.groups.allSatisfy { !$0.isEmpty },
        "a decision about at least one output", "none")
      try demand((1...64).contains(site.positions), "positions in 1...64", "\(site.positions)")
      for (group, output) in site.groups.enumerated().flatMap({ group in
        group.element.map { (group.offset, $0) }
      }) {
        try demand(
          outputs.indices.contains(output)
            && output >= site.output + (site.isRounded ? 1 : 0),
          site.isRounded
            ? "decisions about later outputs" : "decisions about this output or later ones",
          "one at output \(site.output) about output \(output)")
        try demand(governing[output] == nil, "one decision about an output", "two about \(output)")
        governing[output] = index
        slots[output] = slotCount + group
      }
      slotCount += site.groups.count
    }
    self.sites = sites
    bits = outputs.map(\.bits)
    siteOfOutput = governing
    slotOfOutput = slots
    self.firstSlots = firstSlots
    self.slotCount = slotCount
    siteAtOutput = taken
    table = outputs.map { output in
      governing[output.index].map { sites[$0].candidates.map(output.candidate(for:)) } ?? []
    }
  }

  /// The position in ``sites`` of the decision that governs an output, nil where its bits are
  /// static or come before the decision.
  public func site(of output: Int) -> Int? { siteOfOutput[output] }

  /// The position of an output's candidate for a candidate of its decision.
  public func candidate(of output: Int, for decision: Int) -> Int { table[output][decision] }

  /// The positions of an output's candidates for each candidate of its decision.
  func candidates(of output: Int) -> [Int] { table[output] }

  /// The position of each output's candidate for `bits` everywhere.
  func positions(for bits: Int) -> [UInt8] {
    self.bits.map { own in UInt8(own.firstIndex { $0 >= bits } ?? own.count - 1) }
  }

  /// The bits that a decision's candidate costs: its own, corrected by the bits that the governed
  /// outputs have instead, in proportion to their shares of the cost.
  package func pricedBits(
    _ site: Int, _ candidate: Int, group: Int = 0, shares: [Float]
  ) -> Float {
    let asked = Float(sites[site].candidates[candidate])
    let governed = sites[site].groups[group]
    let total = governed.reduce(Float(0)) { $0 + shares[$1] }
    guard total > 0 else { return asked }
    return governed.reduce(asked) { sum, output in
      let found = Float(bits[output][table[output][candidate]])
      return found == asked ? sum : sum + shares[output] / total * (found - asked)
    }
  }

  /// What the price of a bit is multiplied with in a group.
  ///
  /// A decision about one output, or one of several groups, counts by its share of the cost, relative
  /// to the mean output; a decision about all later outputs at once counts as it is.
  func priceScale(_ site: Int, group: Int, shares: [Float]) -> Float {
    let place = sites[site]
    let isOfOne = place.governs == [place.output] || place.isRounded && place.governs.count == 1
    let isShared = place.groups.count == 1 && !isOfOne
    guard !isShared, !place.pricesUniformly else { return 1 }
    return place.groups[group].reduce(0) { $0 + shares[$1] } * Float(bits.count)
  }
}
