import DynaDFQ

/// Entries that stand for several, and the checks of names.
extension Recipe {
  /// The most entries of one kind.
  static let entryLimit = 2000

  /// The entries, each with a key `each` as the product of its lists: `{weightBits}` in the name
  /// becomes the value.
  static func entries(_ written: [SettingNode], of list: SettingNode?) throws -> [SettingNode] {
    var result: [SettingNode] = []
    for entry in written {
      result += try product(entry)
      guard result.count <= entryLimit else {
        throw RecipeError.tooLarge(
          what: list?.place.path ?? "entries", limit: entryLimit, found: result.count)
      }
    }
    return result
  }

  private static func product(_ entry: SettingNode) throws -> [SettingNode] {
    guard case .map = entry.value else {
      throw RecipeError.badValue(
        place: entry.place, expected: "a mapping with a name", found: entry.summary)
    }
    guard let each = entry["each"] else { return [entry] }
    guard case .map(let lists) = each.value else {
      throw RecipeError.badValue(
        place: each.place, expected: "settings with lists of values", found: each.summary)
    }
    var results = [entry.setting("each", to: nil)]
    for (key, node) in lists {
      guard case .list(let values) = node.value, !values.isEmpty else {
        throw RecipeError.badValue(
          place: node.place, expected: "a list of values", found: node.summary)
      }
      results = results.flatMap { entry in
        values.map { value in
          let name = (entry["name"]?.text ?? "").replacing("{\(key)}", with: value.plain)
          let nested = key.split(separator: ".").reversed().reduce(value) {
            SettingNode(.map([(String($1), $0)]), at: node.place)
          }
          var result = entry.overlaid(by: nested)
          if let place = entry["name"]?.place {
            result = result.setting("name", to: SettingNode(.text(name), at: place))
          }
          return result
        }
      }
      guard results.count <= entryLimit else {
        throw RecipeError.tooLarge(
          what: each.place.path, limit: entryLimit, found: results.count)
      }
    }
    return results
  }

  /// Checks names, and that nothing but evaluations names real images.
  func check(_ root: SettingNode) throws {
    try Recipe.checkName(name, root["name"]?.place)
    guard (1...1000).contains(seeds.count), Set(seeds).count == seeds.count else {
      throw RecipeError.badValue(
        place: root["seeds"]?.place ?? root.place, expected: "1 to 1000 different seeds",
        found: "\(seeds.count)")
    }
    guard !networks.isEmpty else {
      throw RecipeError.missingKey(place: root.place, key: "networks")
    }
    try distinct(networks.map(\.name), root["networks"])
    let studentNames = try students.map { try Recipe.name(of: $0) }
    try distinct(try images.map { try Recipe.name(of: $0) }, root["images"])
    try distinct(
      studentNames + cascades.map(\.name) + upperBounds.map(\.name),
      root["students"] ?? root["cascades"])
    try distinct(evaluations.map(\.name), root["evaluations"])
    try distinct(ablations.map(\.name), root["ablations"])
    let limits =
      evaluations.enumerated().map { ("evaluations[\($0)]", $1.limit) }
      + upperBounds.enumerated().map { ("upperBounds[\($0)]", $1.limit) }
    for case (let path, let limit?) in limits where limit < 1 {
      throw RecipeError.badValue(
        place: .init(line: 0, path: "\(path).limit"), expected: "at least 1", found: "\(limit)")
    }
    for (entries, section) in [(images, "images"), (students, "students")] {
      for (index, entry) in entries.enumerated() {
        try refuseRealImages(entry, path: "\(section)[\(index)]")
      }
    }
    for ablation in ablations {
      for overlay in [ablation.student, ablation.images].compactMap({ $0 }) {
        try refuseRealImages(overlay, path: "ablations")
      }
    }
  }

  /// The name of an entry.
  static func name(of entry: SettingNode) throws -> String {
    guard let node = entry["name"] else {
      throw RecipeError.missingKey(place: entry.place, key: "name")
    }
    guard let text = node.text ?? (node.isScalar ? node.plain : nil) else {
      throw RecipeError.badValue(place: node.place, expected: "a name", found: node.summary)
    }
    try checkName(text, node.place)
    return text
  }

  private static func checkName(_ name: String, _ place: RecipePlace?) throws {
    let isGood =
      (1...100).contains(name.count)
      && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0 != "/" }
    guard isGood else {
      throw RecipeError.badValue(
        place: place ?? .init(line: 0, path: "name"),
        expected: "a name of 1 to 100 characters without control characters and slashes",
        found: "\"\(name)\"")
    }
  }

  private func distinct(_ names: [String], _ section: SettingNode?) throws {
    var seen = Set<String>()
    for name in names where !seen.insert(name).inserted {
      throw RecipeError.duplicateName(
        place: section?.place ?? .init(line: 0, path: "the recipe"), name: name)
    }
  }

  /// Image sets and students have no setting that could name a data set; one that is tried is told
  /// apart from a misspelt key.
  private func refuseRealImages(_ entry: SettingNode, path: String) throws {
    let sets = Set(evaluations.map(\.name) + evaluations.map(\.data))
    let forms = ["fashion-mnist:", "cifar10:", "cifar100:", "cifar100-coarse:", "folder:"]
    func visit(_ node: SettingNode) throws {
      switch node.value {
      case .text(let text):
        let isData = sets.contains(text) || forms.contains { text.hasPrefix($0) }
        if isData, node.place.path.contains("images") || forms.contains(where: text.hasPrefix) {
          throw RecipeError.realImages(place: node.place, found: text)
        }
      case .list(let list): try list.forEach(visit)
      case .map(let pairs):
        for (key, child) in pairs where key != "name" { try visit(child) }
      default: break
      }
    }
    try visit(entry)
    for key in ["data", "evaluation", "evaluations", "realImages"] {
      if let node = entry[key] { throw RecipeError.realImages(place: node.place, found: key) }
    }
  }
}

extension SettingNode {
  /// A scalar as it stands in names.
  var plain: String {
    switch value {
    case .null: ""
    case .bool(let bool): "\(bool)"
    case .number(let text), .text(let text): text
    case .list(let list): list.map(\.plain).joined(separator: "-")
    case .map(let pairs): pairs.map { "\($0.key) \($0.node.plain)" }.joined(separator: ", ")
    }
  }

  /// Whether the node is neither a list nor a map.
  var isScalar: Bool {
    switch value {
    case .list, .map: false
    default: true
    }
  }
}
