/// The name that was most likely meant.
package enum NearestName {
  /// The known name nearest to one that was written; nil where none is near.
  ///
  /// Hyphens, underscores and case do not count, so that an option's name finds the setting's.
  package static func of(_ name: String, among known: some Collection<String>) -> String? {
    let written = plain(name)
    guard written.count <= 64 else { return nil }
    let nearest = known.map { (distance(written, plain($0)), $0) }
      .min { ($0.0, $0.1) < ($1.0, $1.1) }
    guard let nearest, nearest.0 <= max(2, written.count / 3) else {
      return known.sorted().first {
        let other = String(plain($0))
        return written.count >= 4 && (other.contains(String(written)))
      }
    }
    return nearest.1
  }

  private static func plain(_ name: String) -> [Character] {
    name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }.map { $0 }
  }

  /// Levenshtein's distance: how many characters are changed, added or left out.
  private static func distance(_ first: [Character], _ second: [Character]) -> Int {
    var row = Array(0...second.count)
    for (i, a) in first.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in second.enumerated() {
        let above = row[j + 1]
        row[j + 1] = a == b ? diagonal : 1 + min(diagonal, above, row[j])
        diagonal = above
      }
    }
    return row[second.count]
  }
}
