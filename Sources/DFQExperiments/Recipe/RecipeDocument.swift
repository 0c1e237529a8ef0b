import DFQFiles
import Foundation
internal import Yams

/// Reads YAML into nodes, within bounds: a recipe is written by hand and small.
enum RecipeDocument {
  /// The most bytes of a recipe.
  static let byteLimit = 1 << 20
  /// The most values of a recipe.
  static let nodeLimit = 20_000
  /// The deepest nesting.
  static let depthLimit = 24

  /// The tree of a text.
  static func read(_ text: String) throws -> SettingNode {
    let bytes = text.utf8.count
    guard bytes <= byteLimit else {
      throw RecipeError.tooLarge(what: "bytes of a recipe", limit: byteLimit, found: bytes)
    }
    try checkNesting(text)
    try checkAnchors(text)
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw syntax(error)
    }
    guard let root else {
      throw RecipeError.syntax(line: 1, reason: "the recipe is empty")
    }
    var count = 0
    return try convert(root, path: "", depth: 0, count: &count)
  }

  /// Deep nesting is refused before the recursive parser sees it.
  private static func checkNesting(_ text: String) throws {
    var depth = 0
    var deepest = 0
    for byte in text.utf8 {
      if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth -= 1 }
      deepest = max(deepest, depth)
    }
    // Brackets inside of texts count too; recipes have few of either.
    guard deepest <= 200 else {
      throw RecipeError.tooLarge(what: "open brackets of a recipe", limit: 200, found: deepest)
    }
    var dashes = 0
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
      let indicators = line.prefix {
        $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "?")
      }
      dashes = max(dashes, indicators.filter { $0 != UInt8(ascii: " ") }.count)
      guard indicators.count <= 400, dashes <= 100 else {
        throw RecipeError.tooLarge(
          what: "columns before the first word of a line", limit: 400, found: indicators.count)
      }
    }
  }

  /// Anchors are refused: aliases of aliases grow without bound, and overlays say the same.
  private static func checkAnchors(_ text: String) throws {
    let before = Set(" \t[{,".utf8)
    for (index, line) in text.utf8.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    )
    .enumerated() {
      var previous = UInt8(ascii: " ")
      for (place, byte) in zip(line.indices, line) {
        defer { previous = byte }
        guard byte == UInt8(ascii: "&"), before.contains(previous) else { continue }
        let next = line[line.index(after: place)...].first ?? UInt8(ascii: " ")
        if next > UInt8(ascii: " ") {
          throw RecipeError.syntax(line: index + 1, reason: "anchors (&name) are not read")
        }
      }
    }
  }

  private static func convert(
    _ node: Node, path: String, depth: Int, count: inout Int
  ) throws -> SettingNode {
    let place = RecipePlace(line: node.mark?.line ?? 0, path: path)
    count += 1
    guard count <= nodeLimit else {
      throw RecipeError.tooLarge(what: "values of a recipe", limit: nodeLimit, found: count)
    }
    guard depth <= depthLimit else {
      throw RecipeError.badValue(
        place: place, expected: "at most \(depthLimit) levels of nesting", found: "more")
    }
    switch node {
    case .scalar(let scalar):
      return SettingNode(value(of: scalar), at: place)
    case .sequence(let nodes):
      var list: [SettingNode] = []
      for (index, node) in nodes.enumerated() {
        list.append(
          try convert(node, path: "\(path)[\(index)]", depth: depth + 1, count: &count))
      }
      return SettingNode(.list(list), at: place)
    case .mapping(let mapping):
      var pairs: [(key: String, node: SettingNode)] = []
      for (key, node) in mapping {
        guard case .scalar(let scalar) = key else {
          throw RecipeError.badValue(place: place, expected: "keys that are words", found: "others")
        }
        let name = scalar.string
        guard name != "<<" else {
          throw RecipeError.badValue(place: place, expected: "no merge keys", found: "<<")
        }
        let path = path.isEmpty ? name : "\(path).\(name)"
        var child = try convert(node, path: path, depth: depth + 1, count: &count)
        if let line = key.mark?.line { child.place.line = line }
        pairs.append((name, child))
      }
      return SettingNode(.map(pairs), at: place)
    case .alias:
      throw RecipeError.badValue(place: place, expected: "no open alias", found: "one")
    }
  }

  /// What a scalar stands for: only `true` and `false` are truth values, and quotes make text.
  private static func value(of scalar: Node.Scalar) -> SettingNode.Value {
    let text = scalar.string
    guard scalar.style == .plain || scalar.style == .any else { return .text(text) }
    switch text {
    case "", "~", "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default:
      let isNumber = text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "+-.eE".utf8.contains($0)
      }
      return isNumber && Double(text) != nil ? .number(text) : .text(text)
    }
  }

  private static func syntax(_ error: YamlError) -> RecipeError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return .syntax(line: mark.line, reason: problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      return .syntax(
        line: context.mark.line,
        reason: "the key \"\(duplicates.sorted().first ?? "")\" is written twice")
    case .reader(let problem, _, _, _): return .syntax(line: 0, reason: problem)
    default: return .syntax(line: 0, reason: "no YAML")
    }
  }
}
