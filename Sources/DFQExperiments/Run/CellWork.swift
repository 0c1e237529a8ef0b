import DynaDFQ

/// How much there is to do: images times steps, by which time is estimated.
extension Cell {
  /// Images that pass the network, each once for every step.
  var work: Double {
    switch self {
    case .images(let cell):
      switch cell.settings {
      case .noise: 1
      case .synthesis(_, let run): Double(run.count) * Double(max(run.steps, 1))
      case .generator(_, let configuration):
        Double(configuration.imagesPerStep) * Double(configuration.warmUpSteps)
          + Double(configuration.count)
      }
    case .student(let cell): Cell.work(cell.settings)
    case .upperBound(let cell): Cell.work(cell.settings)
    case .cascade(let cell): Double(512 * cell.levels.count)
    case .teacher(let cell): Double(cell.data.images.count)
    case .evaluation(let cell): Double(cell.data.images.count * cell.passCount)
    }
  }

  private static func work(_ settings: StudentSettings) -> Double {
    // Calibration and the search for the price of a bit are about as much as ten steps.
    // A perturbation runs each image twice, and the teacher for the gradient.
    Double(settings.training.steps + 10) * Double(settings.training.imagesPerStep)
      * (settings.training.perturbation == nil ? 1 : 2.5)
      // The units are together about as much as the network, in each of their iterations.
      + (settings.training.adaptiveRounding.map { Double($0.iterations * $0.imagesPerStep) } ?? 0)
  }

  /// How a student is trained; nil for other work.
  var studentSettings: StudentSettings? {
    switch self {
    case .student(let cell): cell.settings
    case .upperBound(let cell): cell.settings
    default: nil
    }
  }

  /// The generator that is trained; nil for other work.
  var generator: (any GeneratorMethod, GeneratorSource.Configuration)? {
    switch self {
    case .images(let cell): cell.settings.generator
    case .student(let cell): cell.imageSettings.generator
    default: nil
    }
  }

  /// The kind of work and the network, as far as time depends on them.
  var workKind: String {
    let work =
      switch self {
      case .images(let cell):
        generator.map { "warm-up of a generator of \($0.1.channels) channels," }
          ?? Cell.synthesisKind(cell.settings)
      case .student, .upperBound:
        (studentSettings?.isDynamic == true ? "dynamic training" : "static training")
          + (generator.map { " with a generator of \($0.1.channels) channels," } ?? "")
      case .cascade, .evaluation: "student inference"
      case .teacher: "inference"
      }
    return "\(work) \(network.architecture)"
  }

  /// Methods whose steps cost as much as plain ones are one kind.
  private static func synthesisKind(_ settings: ImageSettings) -> String {
    guard case .synthesis(let method, _) = settings, type(of: method).summary.cost != 1 else {
      return "synthesis"
    }
    return "synthesis by \(type(of: method).kind),"
  }

  /// Multiply-accumulate operations of the network's forward pass a second, as two cores of a server
  /// do them: enough to weigh kinds of work against each other where nothing was measured.
  var usualSpeed: Double {
    switch self {
    case .images: 60e9
    case .student, .upperBound: 50e9
    case .teacher: 240e9
    case .cascade, .evaluation: 330e9
    }
  }
}

extension EvaluationCell {
  /// How often the images are run: the student itself, its controls and the uniform candidates or the
  /// lowest of them.
  var passCount: Int {
    switch subject {
    case .cascade: 2
    case .student, .upperBound:
      1 + controls.filter { $0 != .uniform }.count
        + (controls.contains { [.uniform, .oracle, .klOracle].contains($0) }
          ? 3 : isDynamic ? 1 : 0)
    }
  }
}
