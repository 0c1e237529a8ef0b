import ArgumentParser
import DFQExperiments
import DynaDFQ

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make tables, plots and one page of what a store has.",
    discussion: """
      Example: dynadfq report runs/demo

      Writes index.html (everything in one file, no network needed), report.md, CSV tables and SVG \
      plots, and prints the main tables. What the store lacks is left out.
      """)

  @Argument(help: "The store that `experiment` made.", completion: .directory)
  var store: String
  @Option(name: .shortAndLong, help: "Where the files go. (default: STORE/report)")
  var output: String?
  @Flag(help: "Print one JSON object on standard output.")
  var json = false

  struct Summary: Encodable {
    var store: String
    var results: Int
    var files: [String]
  }

  func run() throws {
    let directory = output ?? "\(store)/report"
    let command = "dynadfq report \(store)" + (output.map { " --output \($0)" } ?? "")
    let report = try Report(of: Store(store), to: directory, command: command)
    if json {
      let summary = Summary(store: store, results: report.results, files: report.files)
      return try Output.json(summary, run: RunDescription(.default))
    }
    for line in report.text.split(separator: "\n", omittingEmptySubsequences: false) {
      try Output.line(String(line))
    }
    try Output.line("\(report.results) results; \(report.files.count) files in \(directory)")
    try Output.line("\(directory)/index.html")
  }
}
