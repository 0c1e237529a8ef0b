import DynaDFQ

/// What a store has, grouped as people read it.
struct ReportData {
  /// One line of a table: the same entries of a recipe with different seeds.
  struct Row {
    let label: CellLabel
    let records: [ResultRecord]

    var isTeacher: Bool { records[0].kind == "teacher" }
    var isDynamic: Bool { records[0].isDynamic }
    var isCascade: Bool { records[0].settings["cascade"] != nil }
    /// Whether it was trained on real images.
    var isUpperBound: Bool { records[0].settings["upperBound"] != nil }
    var accuracy: SeedSpread { SeedSpread(records.map(\.accuracy)) }
    var agreement: SeedSpread? { spread { $0.student.agreement } }
    var bitOPs: SeedSpread? { spread { $0.student.meanBitOPs } }
    var meanBits: SeedSpread? { spread { $0.student.meanActivationBits } }

    /// The student's name, with the ablation.
    var name: String {
      (label.student ?? "float") + (label.ablation.map { " (\($0))" } ?? "")
        + (isUpperBound ? " (real images: upper bound)" : "")
    }

    /// The kind of selector; `static` and `cascade` for those without one.
    var family: String {
      if isUpperBound { return "\(isDynamic ? "dynamic" : "static"), upper bound" }
      if isCascade { return "cascade" }
      guard isDynamic else { return "static" }
      if case .string(let kind)? = records[0].settings["student"]?["selector"]?["kind"] {
        return "dynamic, \(kind)"
      }
      return "dynamic"
    }

    /// Rows of students that are measured on the same images.
    var arena: [String] {
      [label.network, label.images ?? "", label.evaluation ?? ""]
    }

    func spread(_ value: (EvaluationReport) -> Double?) -> SeedSpread? {
      let values = records.compactMap { $0.report.flatMap(value) }
      return values.count == records.count ? SeedSpread(values) : nil
    }
  }

  /// The results of one recipe.
  struct Section {
    let recipe: String
    let about: String?
    let rows: [Row]
  }

  let store: Store
  let sections: [Section]
  let records: [ResultRecord]

  init(_ store: Store) throws {
    self.store = store
    var last: [CellLabel: ResultRecord] = [:]
    var order: [CellLabel] = []
    for record in try store.results() {
      if last.updateValue(record, forKey: record.label) == nil { order.append(record.label) }
    }
    let known = order.sorted(by: ReportData.precedes).compactMap { last[$0] }
    records = known
    var recipes: [String] = []
    for record in known where !recipes.contains(record.label.recipe) {
      recipes.append(record.label.recipe)
    }
    sections = recipes.map { recipe in
      var groups: [CellLabel: [ResultRecord]] = [:]
      var keys: [CellLabel] = []
      for record in known where record.label.recipe == recipe {
        var label = record.label
        label.seed = nil
        if groups[label] == nil { keys.append(label) }
        groups[label, default: []].append(record)
      }
      let about = (try? Recipe(contentsOf: "\(store.path)/recipes/\(recipe).yaml"))?.about
      let rows = keys.map { Row(label: $0, records: groups[$0] ?? []) }
      return Section(recipe: recipe, about: about, rows: ReportData.sorted(rows))
    }
  }

  /// Teachers, static students, dynamic ones, cascades; the dearest first, an ablation after what it
  /// changes.
  private static func sorted(_ rows: [Row]) -> [Row] {
    func base(_ row: Row) -> Row {
      rows.first {
        $0.arena == row.arena && $0.label.student == row.label.student && $0.label.ablation == nil
      } ?? row
    }
    func words(_ row: Row) -> [String] {
      let kind = row.isTeacher ? "0" : row.isCascade ? "3" : row.isDynamic ? "2" : "1"
      let images = row.isTeacher ? "" : row.label.images ?? ""
      return [row.label.network, row.label.evaluation ?? "", images, kind]
    }
    let keyed = rows.map { row in
      let cost = base(row).bitOPs?.mean ?? 0
      return (row, words(row), cost, [row.label.student ?? "", row.label.ablation ?? ""])
    }
    return keyed.sorted { a, b in
      if a.1 != b.1 { return a.1.lexicographicallyPrecedes(b.1) }
      if a.2 != b.2 { return a.2 > b.2 }
      return a.3.lexicographicallyPrecedes(b.3)
    }.map(\.0)
  }

  /// The per-image results of a record; nil where the file is not there.
  func images(_ record: ResultRecord) -> PerImageResults? {
    try? PerImageResults(contentsOf: store.perImage(record.key))
  }

  /// Teachers first, then by name; the order in which workers happened to finish does not show.
  private static func precedes(_ a: CellLabel, _ b: CellLabel) -> Bool {
    func key(_ label: CellLabel) -> [String] {
      [
        label.recipe, label.network, label.evaluation ?? "", label.student == nil ? "" : "s",
        label.images ?? "", label.student ?? "", label.ablation ?? "",
      ]
    }
    let (first, second) = (key(a), key(b))
    return first == second
      ? (a.seed ?? 0) < (b.seed ?? 0) : first.lexicographicallyPrecedes(second)
  }
}
