import DynaDFQ

/// The tables of a section.
enum ReportTables {
  /// Accuracy, agreement and cost of every student, mean ± deviation over seeds.
  static func summary(_ section: ReportData.Section) -> ReportTable {
    let rows = section.rows.flatMap { row -> [[String]] in
      let label = row.label
      let words = [label.evaluation ?? "", label.network, label.images ?? "", row.name]
      guard !row.isTeacher else {
        return [
          words + ["float", percent(row.accuracy), "100.00", "", "", "32.00", "1"]
        ]
      }
      return [
        words + [
          row.family, percent(row.accuracy), row.agreement.map(percent) ?? "-",
          mega(row.bitOPs), mega(row.spread { $0.student.familyBitOPs }),
          row.meanBits.map { ReportNumbers.spread($0, digits: 2) } ?? "-",
          "\(row.records.count)",
        ]
      ] + controls(row, words)
    }
    return ReportTable(
      title: "Accuracy and cost",
      header: [
        "evaluation", "network", "images", "student", "bits chosen by", "accuracy %",
        "agreement %", "BitOPs M", "family's BitOPs M", "mean bits", "seeds",
      ], rows: rows, wordColumns: 5)
  }

  /// The controls of a dynamic student, each over the seeds that have it.
  private static func controls(_ row: ReportData.Row, _ words: [String]) -> [[String]] {
    guard let first = row.records.first?.report else { return [] }
    return first.controls.indices.compactMap { index in
      let policies = row.records.compactMap { record -> EvaluationReport.Policy? in
        guard let controls = record.report?.controls, index < controls.count else { return nil }
        return controls[index]
      }
      guard policies.count == row.records.count else { return nil }
      func spread(_ value: (EvaluationReport.Policy) -> Double) -> SeedSpread {
        SeedSpread(policies.map(value))
      }
      return words + [
        policies[0].name, percent(spread(\.accuracy)),
        policies.allSatisfy { $0.agreement != nil } ? percent(spread { $0.agreement ?? 0 }) : "-",
        mega(spread(\.meanBitOPs)), mega(spread(\.familyBitOPs)),
        ReportNumbers.spread(spread(\.meanActivationBits), digits: 2), "\(policies.count)",
      ]
    }
  }

  /// Paired differences on the same images.
  static func comparisons(_ comparisons: [ReportComparison]) -> ReportTable {
    ReportTable(
      title: "Paired differences",
      header: [
        "evaluation", "network", "images", "student", "less", "cost ratio", "accuracy, points",
        "agreement, points", "McNemar mid-p", "accuracy over seeds",
      ],
      rows: comparisons.map { c in
        [
          c.evaluation, c.network, c.images, c.first, c.second,
          ReportNumbers.fixed(c.costRatio, 3), ReportNumbers.difference(c.accuracy),
          ReportNumbers.difference(c.agreement),
          c.midP.prefix(5).map(ReportNumbers.probability).joined(separator: ", "),
          ReportNumbers.spread(c.overSeeds, scale: 100, digits: 2),
        ]
      }, wordColumns: 5)
  }

  /// How well the margin tells right from wrong.
  static func confidence(_ section: ReportData.Section, _ data: ReportData) -> ReportTable? {
    let rows = section.rows.filter { !$0.isTeacher }.compactMap { row -> [String]? in
      var areas: [Double] = []
      for record in row.records {
        guard let images = data.images(record), !images.margins.isEmpty,
          let area = Confidence.areaUnderROC(
            scores: images.margins.map { -Double($0) }, isPositive: images.agrees.map { !$0 })
        else { return nil }
        areas.append(area)
      }
      let correlation = row.spread { $0.entropyCorrelation }
      return [
        row.label.evaluation ?? "", row.label.network, row.label.images ?? "", row.name,
        ReportNumbers.spread(SeedSpread(areas), digits: 3),
        correlation.map { ReportNumbers.spread($0, digits: 3) } ?? "-",
      ]
    }
    guard !rows.isEmpty else { return nil }
    return ReportTable(
      title: "Confidence",
      header: [
        "evaluation", "network", "images", "student",
        "AUC of the margin for disagreement with the float network",
        "rank correlation of bits with its entropy",
      ], rows: rows, wordColumns: 4)
  }

  /// How well the images that need bits get them, on the synthetic images that decisions were fitted on
  /// and on the measured ones.
  static func decisions(_ section: ReportData.Section) -> ReportTable? {
    typealias Measure = (name: String, scale: Double, digits: Int, of: (DecisionQuality) -> Double?)
    func share(_ count: Int, _ quality: DecisionQuality) -> Double {
      Double(count) / Double(max(quality.imageCount, 1))
    }
    let measures: [Measure] = [
      ("need bits %", 100, 2, { share($0.neededCount, $0) }),
      ("got more %", 100, 2, { share($0.givenCount, $0) }),
      ("precision", 1, 3, \.precision), ("recall", 1, 3, \.recall), ("F1", 1, 3, \.f1),
      ("mean precision", 1, 3, \.averagePrecision), ("AUC", 1, 3, \.areaUnderROC),
      ("rank corr. KL", 1, 3, \.divergenceCorrelation),
      ("rank corr. entropy", 1, 3, \.entropyCorrelation),
      ("rank corr. right", 1, 3, \.correctnessCorrelation),
      ("both", 1, 1, { Double($0.neededAndGiven) }), ("got only", 1, 1, { Double($0.givenOnly) }),
      ("need only", 1, 1, { Double($0.neededOnly) }), ("neither", 1, 1, { Double($0.neither) }),
    ]
    let sources: [(name: String, of: (ResultRecord) -> DecisionQuality?)] = [
      ("synthetic", \.syntheticDecision), ("real", { $0.report?.decision }),
    ]
    let rows = section.rows.compactMap { row -> [String]? in
      guard row.records.contains(where: { $0.report?.decision != nil }) else { return nil }
      return [
        row.label.evaluation ?? "", row.label.network, row.label.images ?? "", row.name, row.family,
      ]
        + measures.flatMap { measure in
          sources.map { source in
            let values = row.records.compactMap { source.of($0).flatMap(measure.of) }
            guard values.count == row.records.count else { return "-" }
            return ReportNumbers.spread(
              SeedSpread(values), scale: measure.scale, digits: measure.digits)
          }
        }
    }
    guard !rows.isEmpty else { return nil }
    return ReportTable(
      title: "Decision quality",
      header: ["evaluation", "network", "images", "student", "bits chosen by"]
        + measures.flatMap { measure in sources.map { "\(measure.name), \($0.name)" } },
      rows: rows, wordColumns: 5)
  }

  /// One line for each result: everything but the settings.
  static func records(_ data: ReportData) -> ReportTable {
    ReportTable(
      title: "Results",
      header: [
        "recipe", "network", "images", "student", "ablation", "evaluation", "seed", "dataset",
        "images measured", "accuracy", "agreement", "mean BitOPs", "family BitOPs", "mean bits",
        "version", "commit", "machine", "instruction set", "date", "seconds", "key",
      ],
      rows: data.records.map { r in
        let policy = r.report?.student
        func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        return [
          r.label.recipe, r.label.network, r.label.images ?? "", r.label.student ?? "",
          r.label.ablation ?? "", r.label.evaluation ?? "", r.label.seed.map { "\($0)" } ?? "",
          r.dataset, "\(r.imageCount)", "\(r.accuracy)", text(policy?.agreement ?? nil),
          text(policy?.meanBitOPs), text(policy?.familyBitOPs),
          text(policy?.meanActivationBits), r.run.version, r.run.commit ?? "", r.run.machine,
          r.run.instructionSet, r.run.date, "\(r.run.seconds)", r.key,
        ]
      })
  }

  private static func percent(_ spread: SeedSpread) -> String {
    ReportNumbers.spread(spread, scale: 100, digits: 2)
  }

  private static func mega(_ spread: SeedSpread?) -> String {
    spread.map { ReportNumbers.spread($0, scale: 1e-6, digits: 1) } ?? "-"
  }
}
