import DFQTensor

/// What a program's choices of bits must be.
extension IntegerProgram {
  func checkDecisions() throws {
    var governed: Set<Int> = []
    var last = -1
    // By point: the first value on its grids, and how many operations round to them.
    var first = [Int](repeating: .max, count: points.count)
    var roundings = [Int](repeating: 0, count: points.count)
    for (index, value) in values.enumerated() {
      guard let point = value.point else { continue }
      first[point] = min(first[point], index)
      if !operations[index - 1].movesCodes { roundings[point] += 1 }
    }
    for (index, decision) in decisions.enumerated() {
      try demand(
        points.indices.contains(decision.point) && decision.point >= last,
        "decisions at ascending points", "\(decision.point)")
      // Decisions at one point look at the same samples.
      if decision.point == last {
        let before = decisions[index - 1]
        try demand(
          decision.statistics == before.statistics && decision.positions == before.positions
            && decision.levels == before.levels && decision.isRounded == before.isRounded,
          "the same statistics for all decisions at point \(last)", "others")
      }
      last = decision.point
      try demand(
        roundings[decision.point] == 1, "one value that is rounded at point \(decision.point)",
        "\(roundings[decision.point])")
      let place = first[decision.point]
      let channels = values[place].shape.dimensions.last!
      let features = channels * decision.statistics.count
      try demand(
        (1...2).contains(decision.statistics.count)
          && Set(decision.statistics).count == decision.statistics.count
          && (1...64).contains(decision.positions) && (0...4096).contains(decision.hidden)
          && (1...8).contains(decision.penalties.count) && decision.means.count == features
          && decision.inverseDeviations.count == features
          && decision.parameters.count == decision.head.parameterCount
          && decision.levels.isFinite && decision.levels > 0
          && [
            decision.means, decision.inverseDeviations, decision.parameters, decision.penalties,
          ].allSatisfy { $0.allSatisfy(\.isFinite) },
        "a decision of \(features) features", "\(decision.means.count)")
      for part in decision.governs {
        // What is on a point's grid must not be read on another one.
        try demand(
          points.indices.contains(part.point) && part.point >= decision.point
            && first[part.point] >= place && !(decision.isRounded && part.point == decision.point)
            && governed.insert(part.point).inserted
            && part.candidates.count == decision.penalties.count
            && part.candidates.allSatisfy { points[part.point].grids.indices.contains(Int($0)) },
          "one decision about a later point", "point \(part.point)")
      }
    }
    try demand(passes.isEmpty || decisions.isEmpty, "decisions or passes", "both")
    try demand(
      passes.count <= ProgramLimits.levels && passThresholds.count == max(passes.count - 1, 0)
        && passThresholds.allSatisfy { !$0.isNaN },
      "a threshold for each pass but the last", "\(passThresholds.count)")
    for pass in passes {
      try demand(
        pass.count == points.count
          && zip(pass, points).allSatisfy { $1.grids.indices.contains(Int($0)) },
        "a candidate for each point", "\(pass.count)")
    }
  }
}
