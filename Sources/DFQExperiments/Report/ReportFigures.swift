import DynaDFQ

/// The plots of one network and evaluation of a section.
struct ReportFigures {
  /// A plot with the name of its file.
  struct Figure {
    var file: String
    var plot: Plot
    var caption: String
  }

  let section: ReportData.Section
  let data: ReportData
  /// More series than this are not told apart.
  private static let seriesLimit = 8

  /// All figures that the store has data for.
  func all() -> [Figure] {
    var arenas: [[String]] = []
    for row in section.rows {
      let arena = [row.label.network, row.label.evaluation ?? ""]
      if !arenas.contains(arena) { arenas.append(arena) }
    }
    var figures: [Figure] = []
    for arena in arenas {
      let rows = section.rows.filter {
        $0.label.network == arena[0] && ($0.label.evaluation ?? "") == arena[1]
      }
      let title = arenas.count > 1 ? " (\(arena.joined(separator: ", ")))" : ""
      let stem = ReportFigures.file(([section.recipe] + arena).joined(separator: "-"))
      for (name, plot, caption) in plots(rows, title) where !plot.isEmpty {
        figures.append(Figure(file: "\(stem)-\(name).svg", plot: plot, caption: caption))
      }
    }
    return figures
  }

  /// A row's name, with its images where there are several sets.
  private func name(_ row: ReportData.Row) -> String {
    let sets = Set(section.rows.compactMap(\.label.images))
    return sets.count > 1 ? "\(row.name), \(row.label.images ?? "")" : row.name
  }

  private func plots(
    _ rows: [ReportData.Row], _ title: String
  ) -> [(String, Plot, caption: String)] {
    [
      (
        "accuracy", pareto(rows, "Accuracy against cost" + title, "accuracy, %") { $0.accuracy },
        "Accuracy on real images against mean BitOPs of an image, all passes and the selector "
          + "included. Bars are the standard deviation over seeds; the broken line is the float "
          + "network."
      ),
      (
        "agreement",
        pareto(rows, "Agreement against cost" + title, "agreement, %") { $0.agreement },
        "The share of real images that a student classifies as the float network does."
      ),
      (
        "layers", bitsByLayer(rows, title),
        "Mean activation bits of each quantized output; bars are the deviation over images, first "
          + "seed."
      ),
      (
        "difficulty", bitsByDifficulty(rows, title),
        "Images in ten groups of equal size by the entropy of the float network's prediction, easy "
          + "to hard: cost of an image over the student's mean."
      ),
      (
        "risk", riskCoverage(rows, title),
        "Errors among the images with the largest margins, for growing shares of images, first "
          + "seed."
      ),
      (
        "selector", precisionRecall(rows, title),
        "Finding images on which the cheapest level and the float network disagree, by the bits or "
          + "passes an image gets, first seed."
      ),
    ]
  }

  private func pareto(
    _ rows: [ReportData.Row], _ title: String, _ yTitle: String,
    _ value: (ReportData.Row) -> SeedSpread?
  ) -> Plot {
    var families: [String] = []
    var points: [String: [Plot.Point]] = [:]
    let sets = Set(rows.compactMap(\.label.images))
    for row in rows where !row.isTeacher {
      guard let cost = row.bitOPs, let value = value(row) else { continue }
      let family =
        row.label.ablation != nil
        ? "ablations"
        : sets.count > 1 ? "\(row.family), \(row.label.images ?? "")" : row.family
      if points[family] == nil { families.append(family) }
      points[family, default: []].append(
        Plot.Point(
          cost.mean * 1e-9, 100 * value.mean, deviation: value.deviation.map { 100 * $0 },
          name: row.name))
    }
    var series = families.prefix(7).map { family in
      Plot.Series(
        name: family, points: (points[family] ?? []).sorted { $0.x < $1.x },
        hasLine: family.hasPrefix("dynamic"))
    }
    let costs = series.flatMap(\.points).map(\.x)
    if let teacher = rows.first(where: \.isTeacher), let low = costs.min(), let high = costs.max(),
      yTitle.hasPrefix("accuracy")
    {
      let accuracy = 100 * teacher.accuracy.mean
      series.append(
        Plot.Series(
          name: "float", points: [Plot.Point(low, accuracy), Plot.Point(high, accuracy)],
          hasMarks: false, isDashed: true))
    }
    return Plot(
      title: title, xTitle: "mean BitOPs of an image, G", yTitle: yTitle,
      series: costs.isEmpty ? [] : series, showsNames: costs.count <= 24)
  }

  private func bitsByLayer(_ rows: [ReportData.Row], _ title: String) -> Plot {
    var names: [String] = []
    let series = rows.filter(\.isDynamic).compactMap { row -> Plot.Series? in
      guard let layers = row.records.first?.report?.layers, !layers.isEmpty else { return nil }
      if names.isEmpty { names = layers.map(\.name) }
      guard layers.map(\.name) == names else { return nil }
      return Plot.Series(
        name: name(row),
        points: layers.enumerated().map {
          Plot.Point(Double($0), $1.mean, deviation: $1.spread, name: $1.name)
        })
    }
    return Plot(
      title: "Bits by layer" + title, xTitle: "", yTitle: "activation bits",
      series: Array(series.prefix(Self.seriesLimit)),
      xNames: names.map { String($0.replacing(".activation", with: "").suffix(20)) })
  }

  private func bitsByDifficulty(_ rows: [ReportData.Row], _ title: String) -> Plot {
    let groups = 10
    let series = rows.filter(\.isDynamic).prefix(Self.seriesLimit).compactMap {
      row -> Plot.Series? in
      guard let images = row.records.first.flatMap(data.images),
        images.labels.count >= 2 * groups,
        images.teacherEntropies.count == images.labels.count, !images.bitOPs.isEmpty
      else { return nil }
      let order = images.labels.indices.sorted {
        (images.teacherEntropies[$0], $0) < (images.teacherEntropies[$1], $1)
      }
      let mean = images.bitOPs.reduce(0, +) / Double(images.bitOPs.count)
      let points = (0..<groups).map { group in
        let part = order[group * order.count / groups..<(group + 1) * order.count / groups]
        let cost = part.reduce(0) { $0 + images.bitOPs[$1] } / Double(part.count)
        return Plot.Point(Double(group + 1), cost / mean)
      }
      return Plot.Series(name: name(row), points: points)
    }
    return Plot(
      title: "Cost by difficulty" + title, xTitle: "tenth of the images, easy to hard",
      yTitle: "BitOPs over their mean", series: Array(series))
  }

  private func riskCoverage(_ rows: [ReportData.Row], _ title: String) -> Plot {
    let series = rows.filter { !$0.isTeacher && $0.label.ablation == nil }
      .prefix(Self.seriesLimit).compactMap { row -> Plot.Series? in
        guard let images = row.records.first.flatMap(data.images), !images.margins.isEmpty
        else { return nil }
        let curve = Confidence.riskCoverage(
          scores: images.margins.map(Double.init), isRight: images.isRight)
        // The first images alone say nothing of a share.
        let points = ReportFigures.thinned(curve.filter { $0.x >= 0.02 })
        return Plot.Series(
          name: name(row), points: points.map { Plot.Point(100 * $0.x, 100 * $0.y) },
          hasMarks: false)
      }
    return Plot(
      title: "Risk and coverage of the margin" + title, xTitle: "images taken, %",
      yTitle: "errors among them, %", series: Array(series))
  }

  private func precisionRecall(_ rows: [ReportData.Row], _ title: String) -> Plot {
    let series = rows.filter { $0.isDynamic && $0.label.ablation == nil }
      .prefix(Self.seriesLimit).compactMap { row -> Plot.Series? in
        guard let images = row.records.first.flatMap(data.images),
          let (scores, isPositive) = ReportFigures.selection(images)
        else { return nil }
        let curve = Confidence.precisionRecall(scores: scores, isPositive: isPositive)
        let area = Confidence.averagePrecision(scores: scores, isPositive: isPositive) ?? 0
        return Plot.Series(
          name: "\(name(row)) (mean precision \(ReportNumbers.fixed(area, 3)))",
          points: ReportFigures.thinned(curve).map { Plot.Point(100 * $0.x, 100 * $0.y) },
          hasMarks: false)
      }
    return Plot(
      title: "Precision and recall of the choice" + title, xTitle: "recall, %",
      yTitle: "precision, %", series: Array(series))
  }

  /// How much an image was given, and whether its cheapest level disagrees with the float network.
  private static func selection(
    _ images: PerImageResults
  ) -> (scores: [Double], isPositive: [Bool])? {
    func disagrees(_ predictions: [Int]) -> [Bool] {
      zip(predictions, images.teacher).map { $0 != $1 }
    }
    if !images.firstPredictions.isEmpty {
      return (images.firstMargins.map { -Double($0) }, disagrees(images.firstPredictions))
    }
    let uniform = images.controls.filter { $0.name.hasPrefix("uniform") }
    guard let cheapest = uniform.min(by: { $0.name < $1.name }), !images.bitOPs.isEmpty else {
      return nil
    }
    return (images.bitOPs, disagrees(cheapest.predictions))
  }

  /// At most 200 points of a curve, its ends among them.
  private static func thinned(_ curve: [Confidence.Point]) -> [Confidence.Point] {
    guard curve.count > 200 else { return curve }
    return (0..<200).map { curve[$0 * (curve.count - 1) / 199] }
  }

  /// A name as part of a file's name.
  static func file(_ name: String) -> String {
    String(name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
}
