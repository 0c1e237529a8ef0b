import DFQFiles

/// Rules that turn the parameter names of a checkpoint into those of a network.
///
/// A rule has the form `pattern=replacement`, where `pattern` is what the file has. Both are lists
/// of components joined by dots. The pattern matches the first place in a name where all its
/// components agree; `*` stands for any characters within one component, and each `*` of the
/// replacement stands for what the pattern's `*` in the same place matched. An empty replacement
/// removes the components. Rules apply in order, each to the result of the previous one.
///
/// | Rule | Name in the file | Name in the network |
/// | --- | --- | --- |
/// | `fc=linear` | `fc.weight` | `linear.weight` |
/// | `downsample.*=shortcut.*` | `layer2.0.downsample.1.bias` | `layer2.0.shortcut.1.bias` |
/// | `module=` | `module.conv1.weight` | `conv1.weight` |
public struct NameMap: Hashable, Sendable {
  private struct Rule: Hashable, Sendable {
    let pattern: [[Character]]
    let replacement: [[Character]]
  }

  private let rules: [Rule]

  /// The names as they are.
  public static let identity = NameMap(rules: [])

  private init(rules: [Rule]) { self.rules = rules }

  /// Creates a map from rules of the form `pattern=replacement`.
  ///
  /// - Throws: ``NetworkError/badRename(rule:expected:)``.
  public init(_ rules: [String]) throws {
    self.rules = try rules.map { text in
      func fail(_ expected: String) -> NetworkError { .badRename(rule: text, expected: expected) }
      let sides = text.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, text.utf8.count <= GraphLimits.nameBytes else {
        throw fail("pattern=replacement, such as fc=linear")
      }
      let (pattern, replacement) = (NameMap.components(sides[0]), NameMap.components(sides[1]))
      guard !pattern.isEmpty, !pattern.contains([]), !replacement.contains([]) else {
        throw fail("components joined by single dots")
      }
      func stars(_ parts: [[Character]]) -> Int { parts.joined().filter { $0 == "*" }.count }
      guard stars(replacement) <= stars(pattern) else {
        throw fail("at most as many * on the right as on the left")
      }
      return Rule(pattern: pattern, replacement: replacement)
    }
  }

  /// Returns the network's name for a file's name.
  public func callAsFunction(_ name: String) -> String {
    guard !rules.isEmpty else { return name }
    var parts = NameMap.components(name[...])
    for rule in rules {
      let last = parts.count - rule.pattern.count
      guard last >= 0 else { continue }
      for start in 0...last {
        var stars: [[Character]] = []
        let matches = zip(rule.pattern, parts[start...]).allSatisfy {
          NameMap.matches($0, $1[...], &stars)
        }
        guard matches else { continue }
        var next = stars[...]
        let replacement = rule.replacement.map { part in
          part.flatMap { $0 == "*" ? next.popFirst() ?? [] : [$0] }
        }
        parts.replaceSubrange(start..<start + rule.pattern.count, with: replacement)
        break
      }
    }
    return String(parts.joined(separator: "."))
  }

  private static func components(_ text: Substring) -> [[Character]] {
    text.isEmpty
      ? [] : text.split(separator: ".", omittingEmptySubsequences: false).map { Array($0) }
  }

  /// Whether a component matches; appends what each star matched (the shortest that fits).
  private static func matches(
    _ pattern: [Character], _ text: ArraySlice<Character>, _ stars: inout [[Character]]
  ) -> Bool {
    let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard pieces.count > 1, let last = pieces.last else { return pattern.elementsEqual(text) }
    guard text.starts(with: pieces[0]) else { return false }
    var rest = text.dropFirst(pieces[0].count)
    var found: [[Character]] = []
    for piece in pieces[1..<(pieces.count - 1)] {
      guard let start = rest.firstPlace(of: piece) else { return false }
      found.append(Array(rest[..<start]))
      rest = rest[(start + piece.count)...]
    }
    guard rest.count >= last.count, rest.suffix(last.count).elementsEqual(last) else {
      return false
    }
    found.append(Array(rest.dropLast(last.count)))
    stars += found
    return true
  }
}

extension ArraySlice<Character> {
  /// The first index at which other characters begin, or nil.
  fileprivate func firstPlace(of piece: ArraySlice<Character>) -> Int? {
    guard count >= piece.count else { return nil }
    return (startIndex...(endIndex - piece.count)).first { self[$0...].starts(with: piece) }
  }
}
