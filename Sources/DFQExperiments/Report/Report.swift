import DFQFiles
import DynaDFQ
import Foundation

/// Everything that a store tells, as files: Markdown, CSV, SVG and one page.
public struct Report {
  /// The files that were written, as paths.
  public private(set) var files: [String] = []
  /// The number of results.
  public let results: Int
  /// The tables of accuracy, cost and paired differences, for a terminal.
  public private(set) var text = ""
  private let data: ReportData
  private let directory: String
  private let command: String

  /// Writes a report of a store into a directory, which is made.
  ///
  /// What the store lacks is left out.
  ///
  /// - Parameters:
  ///   - store: The store.
  ///   - directory: Where the files go; those of an earlier report are replaced.
  ///   - command: The command that writes the report again.
  /// - Throws: ``StoreError``, `InterchangeError`.
  public init(of store: Store, to directory: String, command: String) throws {
    data = try ReportData(store)
    results = data.records.count
    self.directory = directory
    self.command = command
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw StoreError.unusable(path: directory, reason: "the directory cannot be made")
    }
    try write()
  }

  private mutating func write() throws {
    var page = HTMLPage(title: "DynaDFQ results")
    var markdown = "# DynaDFQ results\n\n"
    func both(_ text: String, kind: String? = nil) {
      page.paragraph(text, kind: kind)
      markdown += text + "\n\n"
    }
    for line in origin { both(line, kind: "quiet") }
    var comparisonRows: [[String]] = []
    var summaryRows: [[String]] = []
    var decisions: ReportTable?
    var tables = (summary: ReportTables.comparisons([]), comparisons: ReportTables.comparisons([]))
    for section in data.sections {
      page.heading(2, section.recipe)
      markdown += "## \(section.recipe)\n\n"
      if let about = section.about { both(about) }
      let summary = ReportTables.summary(section)
      page.table(summary.condensed)
      markdown += Report.text(summary)
      text += summary.condensed.plain + "\n"
      tables.summary = summary
      summaryRows += summary.rows.map { [section.recipe] + $0 }
      let images = ImageComparison.all(of: section)
      for comparison in images {
        let table = ReportTables.images(comparison)
        page.table(table.condensed)
        markdown += Report.text(table)
        text += table.condensed.plain + "\n"
      }
      let comparisons = ReportTables.comparisons(ReportComparison.all(of: section, in: data))
      if !comparisons.rows.isEmpty {
        page.table(comparisons.condensed)
        markdown += Report.text(comparisons)
        text += comparisons.condensed.plain + "\n"
        both(Report.comparisonNote, kind: "quiet")
        comparisonRows += comparisons.rows.map { [section.recipe] + $0 }
      }
      if let confidence = ReportTables.confidence(section, data) {
        page.table(confidence.condensed)
        markdown += Report.text(confidence)
      }
      if let table = ReportTables.decisions(section) {
        page.table(table.condensed)
        markdown += Report.text(table)
        both(Report.decisionNote, kind: "quiet")
        let rows = table.rows.map { [section.recipe] + $0 }
        if decisions == nil {
          decisions = ReportTable(title: table.title, header: ["recipe"] + table.header, rows: [])
        }
        decisions?.rows += rows
      }
      if let difficulty = ReportTables.difficulty(section, data) {
        page.table(difficulty.condensed)
        markdown += Report.text(difficulty)
      }
      let figures =
        images.map { ReportFigures.images($0, recipe: section.recipe) }
        + ReportFigures(section: section, data: data).all()
      page.figures(figures)
      for figure in figures {
        try write(figure.plot.svg(), figure.file)
        markdown += "![\(figure.plot.title)](\(figure.file))\n\n\(figure.caption)\n\n"
      }
      for grid in ImageGrid.all(of: section, in: data) { page.grid(grid) }
    }
    page.heading(2, "How to make this again")
    page.command(commands)
    markdown += "## How to make this again\n\n```sh\n\(commands)\n```\n"

    try write(page.html, "index.html")
    try write(markdown, "report.md")
    try write(ReportTables.records(data).csv, "results.csv")
    tables.summary.header.insert("recipe", at: 0)
    tables.summary.rows = summaryRows
    if !summaryRows.isEmpty { try write(tables.summary.csv, "summary.csv") }
    tables.comparisons.header.insert("recipe", at: 0)
    tables.comparisons.rows = comparisonRows
    if !comparisonRows.isEmpty { try write(tables.comparisons.csv, "comparisons.csv") }
    if let decisions { try write(decisions.csv, "decisions.csv") }
  }

  private static func text(_ table: ReportTable) -> String {
    let table = table.condensed
    return "### \(table.title)\n\n\(table.markdown)\n"
  }

  private static let comparisonNote =
    "Differences on the same real images, averaged over seeds, with 95 % bootstrap intervals over the "
    + "images. A dynamic student is compared with the most accurate static one that costs the same within "
    + "3 %, or else with that of the nearest cost, and so are its controls; an ablation is compared "
    + "with the student as written. McNemar's mid-p is given for each seed, and the last column is "
    + "mean ± standard deviation over seeds, in points. Every figure "
    + "is of the last step; real images selected nothing."

  private static let decisionNote =
    "An image needs bits where its answer at the lowest bits (of a cascade: at the first level) is not "
    + "the float network's. Mean precision and AUC are of the score that finds such images: minus the "
    + "first level's margin, or the mean bits that a selector gave. Rank correlations are Spearman's, "
    + "of an image's mean bits with the divergence KL(float || lowest bits), with the entropy of the "
    + "float network's answer and with whether the final answer is the label. Synthetic images are "
    + "those that selector or thresholds were fitted on, all of them; their label is its largest class."

  /// Commit, machine, dates: what all results have in common, or all that they have.
  private var origin: [String] {
    func all(_ value: (RunDetails) -> String) -> String {
      var values: [String] = []
      for record in data.records where !values.contains(value(record.run)) {
        values.append(value(record.run))
      }
      return values.joined(separator: "; ")
    }
    guard !data.records.isEmpty else { return ["The store has no results yet."] }
    let dates = data.records.map(\.run.date).sorted()
    let span = dates[0] == dates[dates.count - 1] ? dates[0] : "\(dates[0]) to \(dates.last!)"
    let seconds = data.records.reduce(0) { $0 + $1.run.seconds }
    return [
      "\(data.records.count) results, \(span); evaluation took "
        + "\(ReportNumbers.fixed(seconds, 0)) seconds.",
      "Version \(all(\.version)), commit \(all { $0.commit ?? "unknown" }); \(all(\.machine)); "
        + "instruction set \(all(\.instructionSet)), backend \(all(\.backend)), "
        + "convolution \(all(\.convolution)), arithmetic \(all(\.arithmetic)); \(all(\.blas)).",
    ]
  }

  private var commands: String {
    let runs = data.sections.map {
      "dynadfq experiment \(data.store.path)/recipes/\($0.recipe).yaml --store \(data.store.path)"
    }
    return (runs + [command]).joined(separator: "\n")
  }

  private mutating func write(_ text: String, _ name: String) throws {
    let path = "\(directory)/\(name)"
    try AtomicFile.write(text, to: path)
    files.append(path)
  }
}
