import DFQExperiments
import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// What a report of a small store consists of.
@Suite struct ReportTests {
  @Test func wholeReport() throws {
    try Workshop.with { workshop in
      let store = try workshop.store("store")
      try ExperimentRun(workshop.plan(), in: store, context: workshop.context).run()
      let report = try Report(
        of: store, to: "\(workshop.directory)/report", command: "dynadfq report store")
      func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(workshop.directory)/report/\(name)", encoding: .utf8)
      }
      let names = report.files.map { String($0.split(separator: "/").last ?? "") }.sorted()
      #expect(
        names == [
          "comparisons.csv", "decisions.csv", "index.html", "report.md", "results.csv",
          "summary.csv",
          "tiny-tiny-test-accuracy.svg", "tiny-tiny-test-agreement.svg",
          "tiny-tiny-test-difficulty.svg", "tiny-tiny-test-layers.svg", "tiny-tiny-test-risk.svg",
        ])
      // A teacher and eight rows, of which the dynamic one has four controls and two cascades one each.
      let summary = try text("summary.csv").split(separator: "\n")
      #expect(summary.count == 1 + 1 + 8 + 4 + 2)
      #expect(try text("results.csv").split(separator: "\n").count == 1 + 17)
      // The ablation; the dynamic student, two controls; two cascades with a control each.
      #expect(try text("comparisons.csv").split(separator: "\n").count == 1 + 1 + 3 + 2 * 2)
      let page = try text("index.html")
      #expect(page.utf8.count < 5_000_000)
      #expect(page.contains("name=\"viewport\"") && page.contains("data:image/png;base64,"))
      #expect(page.components(separatedBy: "<svg").count == 6)
      for outside in ["<script", "src=\"http", "href=", "url(", "@import"] {
        #expect(!page.contains(outside), "\(outside)")
      }
      let markdown = try text("report.md")
      for heading in ["# DynaDFQ results", "## tiny", "### Paired differences"] {
        #expect(markdown.contains("\n" + heading) || markdown.hasPrefix(heading), "\(heading)")
      }
      for file in names where file.hasSuffix(".svg") {
        try #expect(isWellFormed(text(file)), "\(file)")
        #expect(markdown.contains("](\(file))"))
      }
      // The same store gives the same report.
      let pageAgain = "\(workshop.directory)/again"
      _ = try Report(of: store, to: pageAgain, command: "dynadfq report store")
      #expect(try String(contentsOfFile: pageAgain + "/index.html", encoding: .utf8) == page)
    }
  }

  /// Three sets of images and more are compared in a table of images by students, and a picture.
  @Test func manyImages() throws {
    let recipe = """
      version: 1
      name: many
      seeds: [1, 2]
      networks: [{name: tiny, model: tiny.safetensors}]
      images: [{name: "{count}", method: noise, each: {count: [8, 12, 16]}}]
      students:
        - {name: W4A4, weightBits: 4, activationBits: 4, training: {steps: 0}}
        - {name: W8A8, weightBits: 8, activationBits: 8, training: {steps: 0}}
        - {name: once, images: "8", weightBits: 8, activationBits: 8, training: {steps: 0}}
      evaluations: [{name: test, data: "cifar10:test.bin"}]
      """
    try Workshop.with { workshop in
      let store = try workshop.store("store")
      try ExperimentRun(workshop.plan(recipe), in: store, context: workshop.context).run()
      let directory = "\(workshop.directory)/report"
      let report = try Report(of: store, to: directory, command: "report")
      let markdown = try String(contentsOfFile: directory + "/report.md", encoding: .utf8)
      let table = try #require(markdown.components(separatedBy: "### Images by student").last)
      let lines = table.split(separator: "\n").prefix(6)
      #expect(lines.contains("| images | W8A8 | W4A4 |"), "\(lines)")
      #expect(lines.count { $0.contains(" ± ") } == 3, "\(lines)")
      #expect(report.files.contains { $0.hasSuffix("many-tiny-test-images.svg") })
    }
  }

  /// A store without artefacts still has tables.
  @Test func resultsAlone() throws {
    try Workshop.with { workshop in
      let store = try workshop.store("store")
      try ExperimentRun(workshop.plan(), in: store, context: workshop.context).run()
      try FileManager.default.removeItem(atPath: store.path + "/artefacts")
      let directory = "\(workshop.directory)/report"
      let report = try Report(of: Store(store.path), to: directory, command: "report")
      #expect(report.results == 17)
      #expect(!report.files.contains { $0.hasSuffix("comparisons.csv") })
      #expect(report.files.contains { $0.hasSuffix("-accuracy.svg") })
    }
  }

  /// Every tag that is opened is closed, in order.
  private func isWellFormed(_ text: String) throws -> Bool {
    var open: [Substring] = []
    for tag in text.matches(of: /<(\/?)([a-zA-Z]+)[^>]*?(\/?)>/) {
      if tag.3 == "/" { continue }
      if tag.1 == "/" {
        guard open.popLast() == tag.2 else { return false }
      } else {
        open.append(tag.2)
      }
    }
    return open.isEmpty && !text.contains("nan") && !text.contains("inf\"")
  }

  @Test func tables() {
    let table = ReportTable(
      title: "T", header: ["set", "name", "value"],
      rows: [["x", "a|b", "1"], ["x", "=SUM(1)", "2,5"], ["", "c\"d", "3"]], wordColumns: 2)
    #expect(table.csv == "set,name,value\nx,a|b,1\nx,\"'=SUM(1)\",\"2,5\"\n,\"c\"\"d\",3\n")
    #expect(table.markdown.contains("| x | a\\|b | 1 |") && table.markdown.contains("---:"))
    #expect(table.condensed.title == "T (set x)")
    #expect(table.condensed.header == ["name", "value"])
    let hostile = ReportTable(title: "", header: ["<b>"], rows: [["<script>&\u{7}"]])
    #expect(hostile.html.contains("&lt;script&gt;&amp;\u{FFFD}"))
  }

  @Test(arguments: [
    ([0.0, 1.0], 0.0, 1.0), ([0.31, 0.55], 0.3, 0.55), ([93.1, 94.4], 93.0, 94.5),
    ([5.0, 5.0], 4.0, 6.0), ([-3.0, 12.0], -5.0, 15.0), ([0.0, 1e-7], 0.0, 1e-7),
    ([2e9, 9e9], 2e9, 1e10),
  ])
  func axes(values: [Double], lower: Double, upper: Double) {
    let axis = Plot.Axis(values)
    #expect(axis.lower <= values.min()! && axis.upper >= values.max()!)
    #expect((2...12).contains(axis.marks.count))
    #expect(abs(axis.lower - lower) <= 0.5 * (upper - lower))
    #expect(abs(axis.upper - upper) <= 0.5 * (upper - lower))
  }

  @Test func axesOfNothing() {
    for values in [[], [Double.nan], [.infinity, 1]] {
      let axis = Plot.Axis(values)
      #expect(axis.upper > axis.lower && axis.marks.allSatisfy(\.isFinite))
    }
  }
}
