/// A table that is written as Markdown, CSV or HTML.
package struct ReportTable {
  package var title: String
  package var header: [String]
  package var rows: [[String]]
  /// The number of columns, from the left, that hold words.
  package var wordColumns = 1

  package init(title: String, header: [String], rows: [[String]], wordColumns: Int = 1) {
    self.title = title
    self.header = header
    self.rows = rows
    self.wordColumns = wordColumns
  }

  /// The table without columns of words that say the same in every row, which go into the title;
  /// the first column of the others stays.
  package var condensed: ReportTable {
    var result = self
    var constants: [String] = []
    for column in (0..<wordColumns).reversed() where rows.count > 1 && result.wordColumns > 1 {
      let words = Set(rows.map { $0[column] }).subtracting([""])
      guard words.count <= 1 else { continue }
      if let word = words.first { constants.insert("\(header[column]) \(word)", at: 0) }
      result.header.remove(at: column)
      for row in result.rows.indices { result.rows[row].remove(at: column) }
      result.wordColumns -= 1
    }
    if !constants.isEmpty { result.title += " (\(constants.joined(separator: ", ")))" }
    return result
  }

  /// As Markdown, numbers to the right.
  package var markdown: String {
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }
    let marks = header.indices.map { $0 < wordColumns ? "---" : "---:" }
    return line(header) + line(marks) + rows.map(line).joined()
  }

  /// As lines for a terminal, in columns, numbers to the right.
  package var plain: String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column < wordColumns ? cell + space : space + cell
      }
      return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
    let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
    return ([title, line(header), rule] + rows.map(line)).joined(separator: "\n") + "\n"
  }

  /// As CSV (RFC 4180).
  package var csv: String {
    ([header] + rows).map { $0.map(ReportTable.quoted).joined(separator: ",") + "\n" }.joined()
  }

  /// As an HTML table in a frame that scrolls.
  package var html: String {
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
      case "\n": result += "\n"
      case _ where scalar.properties.generalCategory == .control: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
