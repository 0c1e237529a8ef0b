import DynaDFQ

/// Upper bounds: students trained on real images, which nothing but evaluations may use.
extension Expansion {
  /// The bound of an entry; none for networks of which its student is not made.
  mutating func subjects(
    of entry: UpperBoundEntry, _ network: LoadedNetwork, _ seed: UInt64
  ) throws -> [Subject] {
    guard
      let node = try recipe.students.first(where: { try Recipe.name(of: $0) == entry.student })
    else { return [] }
    // Sets of other sizes have other names.
    let set = entry.data + (entry.limit.map { "[\($0)]" } ?? "")
    let student = try StudentEntry(node, seed: seed)
    guard student.networks?.contains(network.name) ?? true else { return [] }
    let data = try data(entry.data, limit: entry.limit, for: network)
    let identity = try JSONTree(
      encoding: Identity.UpperBound(
        data: data.digest,
        student: Identity.student(
          student.settings, teacher: network.digest, images: nil, execution: execution)))
    let key = try ArtefactKey<ArtefactKind.UpperBound>(of: identity)
    try add(
      .upperBound(
        UpperBoundCell(
          key: key, identity: identity, network: network, data: data, settings: student.settings,
          label: CellLabel(
            recipe: recipe.name, network: network.name, images: set, student: entry.name,
            seed: seed))))
    return [
      Subject(
        name: entry.name, ablation: nil, images: set, imagesKey: nil,
        subject: .upperBound(key),
        settings: .object(["upperBound": identity, "of": .string(entry.student)]),
        isDynamic: student.settings.isDynamic)
    ]
  }

  /// A bound is no level and no budget of a cascade, and is not measured on what it was trained on.
  func checkUpperBounds(studentNames: [String]) throws {
    let bounds = Dictionary(
      recipe.upperBounds.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for (index, entry) in recipe.upperBounds.enumerated() {
      guard studentNames.contains(entry.student) else {
        throw RecipeError.unknownName(
          place: .init(line: 0, path: "upperBounds[\(index)].student"), what: "student",
          name: entry.student, nearest: NearestName.of(entry.student, among: studentNames))
      }
      let student = try recipe.students.first { try Recipe.name(of: $0) == entry.student }
      if student?["allocation"] != nil {
        throw RecipeError.badValue(
          place: .init(line: 0, path: "upperBounds[\(index)].student"),
          expected: "a student whose bits are not allocated, which takes synthetic images",
          found: entry.student)
      }
    }
    for (index, cascade) in recipe.cascades.enumerated() {
      var names = cascade.levels
      if case .student(let name) = cascade.budget { names.append(name) }
      if let name = names.first(where: { bounds[$0] != nil }) {
        throw RecipeError.upperBound(
          place: .init(line: 0, path: "cascades[\(index)]"), name: name)
      }
    }
    for (index, evaluation) in recipe.evaluations.enumerated() {
      let measured = try recipe.data(evaluation.data)
      for bound in recipe.upperBounds where evaluation.students?.contains(bound.name) ?? true {
        if try recipe.data(bound.data) == measured {
          throw RecipeError.badValue(
            place: .init(line: 0, path: "evaluations[\(index)].data"),
            expected: "other images than \"\(bound.name)\" is trained on", found: evaluation.data)
        }
      }
    }
  }
}
