import DynaDFQ
import Foundation
import Testing

/// `dynadfq methods` and the table of the documentation.
@Suite struct MethodsTests {
  /// The documentation has the table that the tool prints.
  ///
  /// `dynadfq methods --markdown` between the two markers makes it anew.
  @Test func documentationIsCurrent() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let printed = try tool.run(["methods", "--markdown"])
    #expect(printed.status == 0, "\(printed.error)")
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Documentation/Methods/README.md")
    let page = try String(contentsOf: path, encoding: .utf8)
    let parts = page.components(separatedBy: "<!-- dynadfq methods --markdown -->\n")
    try #require(parts.count == 3, "the page has two markers")
    func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }
    #expect(lines(parts[1]) == lines(printed.output))
  }

  @Test func listsAndShows() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let list = try tool.run(["methods"])
    #expect(list.status == 0, "\(list.error)")
    let listed = try tool.json(["methods"])["methods"] as? [[String: Any]] ?? []
    #expect(listed.count == MethodCatalogue.all.count)
    for method in listed {
      let name = try #require(method["name"] as? String)
      #expect(list.output.contains("  \(name) "), "\(name)")
      let page = try tool.run(["methods", name])
      #expect(page.status == 0 && page.output.hasPrefix(name), "\(name): \(page.error)")
      #expect(page.errorLines.isEmpty)
    }
    let page = try tool.json(["methods", "hardSamples"])
    let settings = try #require(page["settings"] as? [[String: Any]])
    #expect(settings.contains { $0["name"] as? String == "exponent" })
    try tool.expectRefusal(["methods", "hard sample"], naming: "hard samples?", code: 64)
    try tool.expectRefusal(["methods", "--json", "--markdown"], naming: "--markdown", code: 64)
  }
}
