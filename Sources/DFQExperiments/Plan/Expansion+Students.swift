import DynaDFQ

/// Students, cascades and their evaluations.
extension Expansion {
  /// A student on each of its image sets, as written and with each ablation that concerns it.
  mutating func subjects(
    of entry: SettingNode, _ network: LoadedNetwork, _ seed: UInt64
  ) throws -> [Subject] {
    let name = try Recipe.name(of: entry)
    var subjects = try variant(of: entry, nil, network, seed)
    for ablation in recipe.ablations where ablation.of?.contains(name) ?? true {
      subjects += try variant(of: entry, ablation, network, seed)
    }
    return subjects
  }

  private mutating func variant(
    of entry: SettingNode, _ ablation: AblationEntry?, _ network: LoadedNetwork, _ seed: UInt64
  ) throws -> [Subject] {
    let student = try StudentEntry(
      ablation?.student.map { entry.overlaid(by: $0) } ?? entry, seed: seed)
    guard student.networks?.contains(network.name) ?? true else { return [] }
    do {
      try student.settings.trainer(network.network, context: context).check()
      try student.settings.allocation?.check(student.settings.quantizer, teacher: network.network)
    } catch  where !(error is NetworkError) {
      throw RecipeError.badValue(
        place: entry.place, expected: "settings of a student that can be trained",
        found: "\(error)")
    }
    var subjects: [Subject] = []
    for images in recipe.images {
      let imagesName = try Recipe.name(of: images)
      guard student.images?.contains(imagesName) ?? true,
        ablation?.on?.contains(imagesName) ?? true,
        let set = try imageSet(images, ablation, network, seed)
      else { continue }
      let identity = try JSONTree(
        encoding: Identity.student(
          student.settings, teacher: network.digest, images: set.key, execution: execution))
      let key = try ArtefactKey<ArtefactKind.Student>(of: identity)
      try add(
        .student(
          StudentCell(
            key: key, identity: identity, network: network, images: set.key,
            imageSettings: set.settings, settings: student.settings,
            label: CellLabel(
              recipe: recipe.name, network: network.name, images: set.name,
              student: student.name, ablation: ablation?.name, seed: seed))))
      subjects.append(
        Subject(
          name: student.name, ablation: ablation?.name, images: set.name, imagesKey: set.key,
          subject: .student(key),
          settings: .object(["student": identity, "images": set.identity]),
          isDynamic: student.settings.isDynamic))
    }
    return subjects
  }

  /// A cascade on each image set on which all its students are trained.
  mutating func subjects(
    of entry: CascadeEntry, _ network: LoadedNetwork, _ seed: UInt64, students: [Subject]
  ) throws -> [Subject] {
    var subjects: [Subject] = []
    for images in recipe.images {
      let imagesName = try Recipe.name(of: images)
      // Upper bounds are no students here: their key is of another type.
      func student(_ name: String) -> (key: ArtefactKey<ArtefactKind.Student>, Subject)? {
        for subject in students
        where subject.name == name && subject.ablation == nil && subject.images == imagesName {
          if case .student(let key) = subject.subject { return (key, subject) }
        }
        return nil
      }
      let levels = entry.levels.compactMap(student)
      guard levels.count == entry.levels.count, let set = levels.first?.1.imagesKey else {
        continue
      }
      var identity = Identity.Cascade(
        levels: levels.map(\.key), images: set, fitter: "margin share",
        rule: entry.rule ?? .threshold,
        execution: execution)
      switch entry.budget {
      case .bitOPs(let cost): identity.budgetBitOPs = cost
      case .student(let name):
        guard let reference = student(name) else { continue }
        identity.budgetStudent = reference.key
      }
      let tree = try JSONTree(encoding: identity)
      let key = try ArtefactKey<ArtefactKind.Cascade>(of: tree)
      try add(
        .cascade(
          CascadeCell(
            key: key, identity: tree, network: network, levels: identity.levels,
            images: identity.images, budgetBitOPs: identity.budgetBitOPs,
            budgetStudent: identity.budgetStudent, rule: identity.rule,
            label: CellLabel(
              recipe: recipe.name, network: network.name, images: imagesName,
              student: entry.name, seed: seed))))
      subjects.append(
        Subject(
          name: entry.name, ablation: nil, images: imagesName, imagesKey: identity.images,
          subject: .cascade(key),
          settings: .object([
            "cascade": tree, "levels": .array(levels.map { $0.1.settings }),
          ]), isDynamic: true))
    }
    return subjects
  }

  /// The teacher's run on a data set, and those of the students.
  mutating func add(
    _ entry: EvaluationEntry, _ network: LoadedNetwork, _ seed: UInt64, _ subjects: [Subject]
  ) throws {
    guard entry.networks?.contains(network.name) ?? true else { return }
    let data = try data(
      entry.data, limit: entry.limit, corruption: entry.corruption, for: network)
    let teacherIdentity = try JSONTree(
      encoding: Identity.Teacher(
        teacher: network.digest, data: data.digest, corruption: data.corruption,
        execution: execution))
    let teacher = try ArtefactKey<ArtefactKind.Teacher>(of: teacherIdentity)
    let label = CellLabel(
      recipe: recipe.name, network: network.name, evaluation: entry.name)
    try add(
      .teacher(
        TeacherCell(
          key: teacher, identity: teacherIdentity, network: network, data: data, label: label)))
    note(label, teacher.text)
    for subject in subjects where entry.students?.contains(subject.name) ?? true {
      let controls = subject.isDynamic ? entry.controls ?? [] : []
      let identity = try JSONTree(
        encoding: Identity.Evaluation(
          subject: subject.subject.text, teacher: teacher, controls: controls,
          seed: controls.isEmpty ? 0 : seed, execution: execution))
      let key = try ArtefactKey<ArtefactKind.Evaluation>(of: identity)
      let label = CellLabel(
        recipe: recipe.name, network: network.name, images: subject.images,
        student: subject.name, ablation: subject.ablation, evaluation: entry.name, seed: seed)
      try add(
        .evaluation(
          EvaluationCell(
            key: key, identity: identity, network: network, subject: subject.subject,
            teacher: teacher, data: data, controls: controls, seed: seed,
            settings: subject.settings, isDynamic: subject.isDynamic,
            synthetic: subject.isDynamic ? subject.imagesKey : nil, label: label)))
      note(label, key.text)
    }
  }

  /// Every name that an entry refers to must be declared.
  func checkNames() throws {
    let networkNames = networks.map(\.name)
    let imageNames = try recipe.images.map { try Recipe.name(of: $0) }
    let studentNames = try recipe.students.map { try Recipe.name(of: $0) }
    func demand(_ names: [String]?, _ known: [String], _ what: String, _ path: String) throws {
      for name in names ?? [] where !known.contains(name) {
        throw RecipeError.unknownName(
          place: .init(line: 0, path: path), what: what, name: name,
          nearest: NearestName.of(name, among: known))
      }
    }
    for entry in recipe.images {
      try demand(
        ImagesEntry(entry, seed: 0).networks, networkNames, "network", entry.place.path)
    }
    for entry in recipe.students {
      let student = try StudentEntry(entry, seed: 0)
      try demand(student.networks, networkNames, "network", entry.place.path)
      try demand(student.images, imageNames, "image set", entry.place.path)
    }
    if !recipe.students.isEmpty, recipe.images.isEmpty {
      throw RecipeError.missingKey(place: .init(line: 0, path: ""), key: "images")
    }
    try checkUpperBounds(studentNames: studentNames)
    for (index, cascade) in recipe.cascades.enumerated() {
      let path = "cascades[\(index)]"
      guard (2...7).contains(cascade.levels.count) else {
        throw RecipeError.badValue(
          place: .init(line: 0, path: path + ".levels"), expected: "2 to 7 levels",
          found: "\(cascade.levels.count)")
      }
      try demand(cascade.levels, studentNames, "student", path)
      if case .student(let name) = cascade.budget {
        try demand([name], studentNames, "student", path + ".budget")
      }
    }
    for (index, entry) in recipe.evaluations.enumerated() {
      let path = "evaluations[\(index)]"
      try demand(entry.networks, networkNames, "network", path)
      try demand(
        entry.students,
        studentNames + recipe.cascades.map(\.name) + recipe.upperBounds.map(\.name), "student",
        path)
    }
    for (index, entry) in recipe.ablations.enumerated() {
      try demand(entry.of, studentNames, "student", "ablations[\(index)]")
      try demand(entry.on, imageNames, "image set", "ablations[\(index)]")
    }
  }
}
