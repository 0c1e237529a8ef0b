/// A table that is written as Markdown, CSV or HTML.
struct ReportTable {
  var title: String
  var header: [String]
  var rows: [[String]]
  /// The number of columns, from the left, that hold words.
  var wordColumns = 1

  /// As Markdown, numbers to the right.
  var markdown: String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }
    let marks = header.indices.map { $0 < wordColumns ? "---" : "---:" }
    return line(header) + line(marks) + rows.map(line).joined()
  }

  /// As CSV (RFC 4180).
  var csv: String {
    ([header] + rows).map { $0.map(ReportTable.quoted).joined(separator: ",") + "\n" }.joined()
  }

  /// As an HTML table in a frame that scrolls.
  var html: String {
    func cells(_ cells: [String], _ tag: String) -> String {
      cells.enumerated().map { column, cell in
        let kind = column < wordColumns ? " class=\"word\"" : ""
        return "<\(tag)\(kind)>\(Markup.escaped(cell))</\(tag)>"
      }.joined()
    }
    let body = rows.map { "<tr>\(cells($0, "td"))</tr>\n" }.joined()
    return "<div class=\"scroll\"><table><thead><tr>\(cells(header, "th"))</tr></thead>\n"
      + "<tbody>\n\(body)</tbody></table></div>\n"
  }

  /// A cell that spreadsheets take neither for several cells nor for a formula.
  private static func quoted(_ text: String) -> String {
    let isFormula = text.first.map { "=@".contains($0) } ?? false
    let needsQuotes = isFormula || text.contains { ",\"\n\r".contains($0) }
    let safe = isFormula ? "'" + text : text
    return needsQuotes ? "\"\(safe.replacing("\"", with: "\"\""))\"" : safe
  }
}

/// Text in HTML and SVG.
enum Markup {
  /// The text without characters that mark up.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case _ where scalar.properties.generalCategory == .control: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
