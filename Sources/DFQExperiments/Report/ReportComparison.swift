import DynaDFQ

/// Two rows on the same images: the difference of accuracy and agreement with intervals.
struct ReportComparison {
  let first: String
  let second: String
  let network: String
  let images: String
  let evaluation: String
  /// The first's mean BitOPs over the second's.
  let costRatio: Double
  let accuracy: PairedBootstrap
  let agreement: PairedBootstrap
  /// McNemar's mid-p value of each seed.
  let midP: [Double]
  /// The difference of accuracy over seeds.
  let overSeeds: SeedSpread

  /// What every dynamic student and every ablation is compared with.
  static func all(of section: ReportData.Section, in data: ReportData) -> [ReportComparison] {
    var result: [ReportComparison] = []
    for row in section.rows where !row.isTeacher {
      guard !row.isUpperBound else {
        result += studentsBelow(row, section, data)
        continue
      }
      let others = section.rows.filter { $0.arena == row.arena && !$0.isTeacher }
      if row.label.ablation != nil {
        if let base = others.first(where: {
          $0.label.student == row.label.student && $0.label.ablation == nil
        }) {
          if let comparison = compare(row, nil, base, data) { result.append(comparison) }
        }
      } else if row.isDynamic, let base = opponent(of: row, among: others) {
        if let comparison = compare(row, nil, base, data) { result.append(comparison) }
        for control in ["fixed", "random", "shuffled"] {
          if let comparison = compare(row, control, base, data) { result.append(comparison) }
        }
      }
    }
    return result
  }

  /// The static student that a dynamic one has to beat: the most accurate of those that cost the same
  /// within 3 %, or else the one of the nearest cost.
  private static func opponent(
    of row: ReportData.Row, among others: [ReportData.Row]
  ) -> ReportData.Row? {
    guard let cost = row.bitOPs?.mean else { return nil }
    func distance(_ other: ReportData.Row) -> Double { abs((other.bitOPs?.mean ?? 0) - cost) }
    let known = others.filter { !$0.isDynamic && $0.label.ablation == nil }
    let equal = known.filter { distance($0) <= 0.03 * cost }
    return equal.max { $0.accuracy.mean < $1.accuracy.mean }
      ?? known.min { distance($0) < distance($1) }
  }

  /// The student with an upper bound's settings, on each image set, less the bound.
  private static func studentsBelow(
    _ bound: ReportData.Row, _ section: ReportData.Section, _ data: ReportData
  ) -> [ReportComparison] {
    guard case .string(let name)? = bound.records[0].settings["of"] else { return [] }
    return section.rows.filter {
      $0.label.student == name && $0.label.ablation == nil && !$0.isUpperBound
        && $0.label.network == bound.label.network
        && $0.label.evaluation == bound.label.evaluation
    }.compactMap { compare($0, nil, bound, data) }
  }

  /// The first row, or one of its controls, less the second row.
  private static func compare(
    _ first: ReportData.Row, _ control: String?, _ second: ReportData.Row, _ data: ReportData
  ) -> ReportComparison? {
    var accuracy = (first: [[Double]](), second: [[Double]]())
    var agreement = accuracy
    var midP: [Double] = []
    var costs = (first: 0.0, second: 0.0)
    for record in first.records {
      guard let other = second.records.first(where: { $0.label.seed == record.label.seed }),
        let mine = data.images(record), let theirs = data.images(other),
        mine.labels == theirs.labels
      else { return nil }
      var predictions = mine.predictions
      var bitOPs = mine.bitOPs
      if let control {
        guard let found = mine.controls.first(where: { $0.name == control }) else { return nil }
        predictions = found.predictions
        bitOPs = found.bitOPs
      }
      func hits(_ predictions: [Int], _ wanted: [Int]) -> [Bool] {
        zip(predictions, wanted).map { $0 == $1 }
      }
      let right = (hits(predictions, mine.labels), theirs.isRight)
      accuracy.first.append(right.0.map { $0 ? 1 : 0 })
      accuracy.second.append(right.1.map { $0 ? 1 : 0 })
      agreement.first.append(hits(predictions, mine.teacher).map { $0 ? 1 : 0 })
      agreement.second.append(theirs.agrees.map { $0 ? 1 : 0 })
      midP.append(McNemar(right.0, right.1).midP)
      costs.first += mean(bitOPs)
      costs.second += mean(theirs.bitOPs)
    }
    guard !midP.isEmpty else { return nil }
    return ReportComparison(
      first: control.map { "\(first.name): \($0)" } ?? first.name, second: second.name,
      network: first.label.network, images: first.label.images ?? "",
      evaluation: first.label.evaluation ?? "",
      costRatio: costs.second > 0 ? costs.first / costs.second : .nan,
      accuracy: PairedBootstrap(averaged(accuracy.first), less: averaged(accuracy.second)),
      agreement: PairedBootstrap(averaged(agreement.first), less: averaged(agreement.second)),
      midP: midP,
      overSeeds: SeedSpread(
        zip(accuracy.first, accuracy.second).map { mean($0) - mean($1) }))
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(values.count, 1))
  }

  /// Each image's mean over seeds.
  private static func averaged(_ runs: [[Double]]) -> [Double] {
    runs[0].indices.map { image in runs.reduce(0) { $0 + $1[image] } / Double(runs.count) }
  }
}
