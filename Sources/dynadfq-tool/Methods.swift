import ArgumentParser
import DFQExperiments
import DynaDFQ

struct Methods: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List every method, or show the settings of one.",
    discussion: """
      Example: dynadfq methods hard-samples

      Methods of the parts synthesis and generator are what --method takes; in names, case, spaces and \
      hyphens do not count. Settings are those of --set and of recipes.
      """)

  @Argument(help: "The method to show. (default: a list of all)")
  var name: String?
  @Flag(help: "Print one JSON object on standard output.")
  var json = false
  @Flag(help: "Print the list as tables of Markdown, as in Documentation/Methods.")
  var markdown = false

  struct List: Encodable {
    var methods: [MethodEntry]
  }

  func validate() throws {
    try Demand.absent("--markdown", markdown && json, "with --json")
    try Demand.absent("--markdown", markdown && name != nil, "on one method")
  }

  func run() throws {
    if markdown { return try Output.text(MethodEntry.markdown) }
    guard let name else {
      if json {
        return try Output.json(List(methods: MethodEntry.all), run: RunDescription(.default))
      }
      return try list()
    }
    let page: MethodPage
    do {
      page = try MethodPage(named: name)
    } catch RecipeError.unknownName(_, _, _, let nearest) {
      throw ToolError.usage(
        "no method is named \(name)" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }
    if json { return try Output.json(page, run: RunDescription(.default)) }
    try show(page)
  }

  private func list() throws {
    let all = MethodEntry.all
    let names = all.map(\.name.count).max() ?? 0
    let references = all.map(\.reference.count).max() ?? 0
    for part in MethodCatalogue.Part.allCases {
      let entries = all.filter { $0.part == part }
      guard !entries.isEmpty else { continue }
      try Output.line("\(part.rawValue): \(part.line); cost 1 is \(part.plainStep)")
      for entry in entries {
        try Output.line(
          "  " + padded(entry.name, names) + padded(entry.cost, 4)
            + padded(entry.reference, references) + entry.summary.line)
      }
      try Output.line()
    }
    try Output.line("dynadfq methods NAME shows the settings of one.")
  }

  private func show(_ page: MethodPage) throws {
    let (entry, summary) = (page.entry, page.entry.summary)
    try Output.line("\(entry.name) (\(entry.part.rawValue)): \(summary.line)")
    if let reference = summary.reference {
      try Output.line(
        "\(reference.authors), \"\(reference.title)\", \(reference.venue) \(reference.year)")
    }
    if let formula = summary.formula { try Output.line("  \(formula)") }
    try Output.line("cost \(entry.cost), where 1 is \(entry.part.plainStep)")
    for note in summary.notes { try Output.line(note) }
    if let name = summary.page { try Output.line("more: Documentation/Methods/\(name).md") }
    for (title, settings) in [("setting", page.settings), ("work", page.work)]
    where !settings.isEmpty {
      try Output.line()
      try Output.table(
        [title, "published", "reduced"], settings.map { [$0.name, $0.published, $0.reduced] })
    }
    for (name, settings) in page.variants.sorted(by: { $0.key < $1.key }) {
      let changed = settings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      try Output.line()
      try Output.line("variant \(name): \(changed.joined(separator: ", "))")
    }
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0) + 2)
  }
}
