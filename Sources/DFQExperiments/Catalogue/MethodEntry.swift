public import DynaDFQ

/// A line of the catalogue of methods.
public struct MethodEntry: Sendable, Encodable {
  /// The method's name in recipes and on the command line.
  public let name: String
  /// What it is a method of.
  public let part: MethodCatalogue.Part
  /// What is said of it.
  public let summary: MethodSummary

  init(_ part: MethodCatalogue.Part, _ method: any CataloguedMethod) {
    name = type(of: method).kind
    self.part = part
    summary = type(of: method).summary
  }

  /// All methods, part by part.
  public static var all: [MethodEntry] {
    MethodCatalogue.all.map { MethodEntry($0.part, $0.method) }
  }

  /// The paper in a few words; "this library" where there is none.
  public var reference: String { summary.reference?.description ?? "this library" }

  /// The cost as text.
  public var cost: String {
    summary.cost == summary.cost.rounded() ? "\(Int(summary.cost))" : "\(summary.cost)"
  }

  /// All methods as tables of Markdown, one for each part; links are relative to `Documentation/Methods`.
  public static var markdown: String {
    var lines: [String] = []
    for part in MethodCatalogue.Part.allCases {
      let entries = all.filter { $0.part == part }
      guard !entries.isEmpty else { continue }
      lines += [
        "### \(part.rawValue.capitalized): \(part.line)", "", "Cost 1 is \(part.plainStep).", "",
        "| method | cost | reference | what it does |", "| --- | --- | --- | --- |",
      ]
      for entry in entries {
        let name = entry.summary.page.map { "[\(entry.name)](\($0).md)" } ?? entry.name
        lines.append("| \(name) | \(entry.cost) | \(entry.reference) | \(entry.summary.line) |")
      }
      lines.append("")
    }
    return lines.joined(separator: "\n")
  }
}
