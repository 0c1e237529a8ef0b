extension String {
  /// The text on one line: without control characters, and cut to 200 scalars.
  ///
  /// Names and metadata come from untrusted files. Printed as they are, they could move the
  /// terminal's cursor, change its settings or fill it.
  package var oneLine: String { oneLine(limit: 200) }

  /// The text on one line, with at most `limit` scalars and an ellipsis where it was cut.
  ///
  /// Control characters, separators of lines and marks that change the direction of writing become
  /// U+FFFD.
  package func oneLine(limit: Int) -> String {
    var result = String.UnicodeScalarView()
    for (index, scalar) in unicodeScalars.prefix(limit + 1).enumerated() {
      result.append(index == limit ? "\u{2026}" : scalar.movesCursor ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  /// Whether a terminal would do something else with the scalar than show it in its place.
  fileprivate var movesCursor: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
    default: false
    }
  }
}
