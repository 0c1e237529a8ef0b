import DynaDFQ
import Foundation

/// What commands print: every line without control characters, every write checked.
///
/// Names and metadata of files are printed as they are found, so what a terminal would act on is
/// taken out here, in one place.
enum Output {
  /// Prints a line on standard output.
  static func line(_ text: String = "") throws { try self.text(clean(text) + "\n") }

  /// Prints text of the tool's own as it is.
  ///
  /// Of several processes only the first prints.
  static func text(_ text: String) throws {
    guard Processes.isFirst else { return }
    if let reason = write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO) {
      throw ToolError.output(reason)
    }
  }

  /// Prints a line for people on standard error: a note or an error, with the number of the process where there are several.
  static func complain(_ text: String) {
    let place = Processes.count > 1 ? " (process \(Processes.communicator.rank))" : ""
    _ = write("dynadfq\(place): \(clean(text, limit: 1000))\n", to: STDERR_FILENO)
  }

  /// Prints one JSON object: a command's result and how it came about.
  static func json(
    _ result: some Encodable, run: RunOptions, onOneLine: Bool = false
  ) throws {
    try json(result, run: RunDescription(run), onOneLine: onOneLine)
  }

  /// The same for a command whose seed is not an option.
  static func json(
    _ result: some Encodable, run: RunDescription, onOneLine: Bool = false
  ) throws {
    try text(JSONText(Described(result: result, run: run), onOneLine: onOneLine).text)
  }

  /// A result with the key `run` beside its own.
  private struct Described<Result: Encodable>: Encodable {
    var result: Result
    var run: RunDescription

    private enum Key: String, CodingKey {
      case run
    }

    func encode(to encoder: any Encoder) throws {
      try result.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(run, forKey: .run)
    }
  }

  /// Rows under a header, columns aligned: the first left, the others right.
  static func table(_ header: [String], _ rows: [[String]]) throws {
    let rows = ([header] + rows).map { $0.map { clean($0, limit: 80) } }
    let widths = header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    for (index, row) in rows.enumerated() {
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }
      try line(cells.joined(separator: "  "))
      if index == 0 {
        try line(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "))
      }
    }
  }

  /// One line without what moves a terminal's cursor or changes its state, cut to a length.
  static func clean(_ text: String, limit: Int = 4000) -> String {
    var result = String.UnicodeScalarView()
    for (index, scalar) in text.unicodeScalars.prefix(limit + 1).enumerated() {
      result.append(index == limit ? "\u{2026}" : scalar.isForTerminals ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }

  /// Writes all bytes; the reason where that fails.
  static func write(_ text: String, to descriptor: Int32) -> String? {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return String(cString: strerror(errno))
      }
    }
    return nil
  }
}

extension Unicode.Scalar {
  /// Whether a terminal would do something else with the scalar than show it in its place.
  var isForTerminals: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
