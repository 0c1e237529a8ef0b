import ArgumentParser
import DynaDFQ
import Foundation

/// A generator that learns beside the student, in place of images that are synthesized once.
struct GeneratorOptions: ParsableArguments {
  /// How it makes its latent vectors.
  enum Method: String, ExpressibleByArgument, CaseIterable {
    case gdfq, qimera, adadfq
  }

  @Option(
    name: .customLong("generator"),
    help: """
      Images from a generator that learns beside the student: gdfq (one class each), qimera (also \
      between classes) or adadfq (learns from teacher and student).
      """)
  var method: Method?
  @Option(
    name: .customLong("generator-warm-up"),
    help: "Steps of the generator before the first image is used. \(Self.preset(\.warmUpSteps))")
  var warmUpSteps: Int?
  @Option(
    name: .customLong("generator-channels"),
    help: "Channels of the generator's maps, an even number. \(Self.preset(\.channels))")
  var channels: Int?
  @Option(
    name: .customLong("generator-rate"),
    help: "Adam's rate for the generator. \(Self.preset(\.learningRate))")
  var learningRate: Float?
  @Option(help: "With qimera: share of superposed images, 0...1. (default: \(Qimera().mixedShare))")
  var mixedShare: Float?
  @Option(
    help: "With qimera: classes of a superposed image. (default: \(Qimera().mixedClasses))")
  var mixedClasses: Int?

  func validate() throws {
    try Demand.range("--generator-warm-up", warmUpSteps, 0...1_000_000)
    try Demand.range("--generator-channels", channels, 2...65_536)
    try Demand.range("--generator-rate", learningRate, Float.leastNormalMagnitude...1e3)
    try Demand.range("--mixed-share", mixedShare, 0...1)
    try Demand.range("--mixed-classes", mixedClasses, 1...1024)
    let options: [(String, Bool)] = [
      ("--generator-warm-up", warmUpSteps != nil), ("--generator-channels", channels != nil),
      ("--generator-rate", learningRate != nil), ("--mixed-share", mixedShare != nil),
      ("--mixed-classes", mixedClasses != nil),
    ]
    if method == nil, let name = options.first(where: { $0.1 })?.0 {
      try Demand.absent(name, true, "without --generator")
    }
    if let method, method != .qimera {
      let reason = "with --generator \(method.rawValue)"
      try Demand.absent("--mixed-share", mixedShare != nil, reason)
      try Demand.absent("--mixed-classes", mixedClasses != nil, reason)
    }
  }

  /// The generator, before its warm-up or as a file holds it; nil where none is asked for.
  func source(
    _ network: Network, _ preset: Preset, count: Int?, run options: RunOptions
  ) throws -> GeneratorSource? {
    guard let method else { return nil }
    var c = preset.generator
    if let count { c.count = count }
    if let warmUpSteps { c.warmUpSteps = warmUpSteps }
    if let channels { c.channels = channels }
    if let learningRate { c.learningRate = learningRate }
    c.seed = options.seed
    try Memory.check("--count", images: c.count, of: network)
    return try GeneratorSource(
      teacher: network, method: generator(method), configuration: c, context: options.context)
  }

  private func generator(_ method: Method) -> any GeneratorMethod {
    switch method {
    case .gdfq: return GDFQ()
    case .adadfq: return AdaDFQ()
    case .qimera:
      var qimera = Qimera()
      if let mixedShare { qimera.mixedShare = mixedShare }
      if let mixedClasses { qimera.mixedClasses = mixedClasses }
      return qimera
    }
  }

  /// Warms a generator up under a progress bar and takes its first images.
  ///
  /// With a path the warmed-up generator is kept there, and a run that finds it begins with it.
  static func images(
    _ source: inout GeneratorSource, run options: RunOptions, file: String? = nil
  ) throws -> SyntheticImages {
    let isThere = file.map { FileManager.default.fileExists(atPath: $0) } ?? false
    if let file, isThere {
      source = try GeneratorSource(
        contentsOf: file, teacher: source.teacher, method: source.method,
        configuration: source.configuration, context: source.context)
    }
    var warm = source
    let images = try options.withProgress(
      "generator", saved: "nothing is saved before the generator's warm-up ends"
    ) { bar in
      try warm.images { p in
        try bar.update(
          p.step, of: p.steps,
          note: p.losses.map { "\($0.name) \(Output.short($0.value))" }.joined(separator: ", ")
            + ", as labelled \(Output.percent(p.accuracy)) %")
      }
    }
    source = warm
    if let file, !isThere {
      try source.write(to: file)
      // The run's identity names the state that it began with.
      source = try GeneratorSource(
        contentsOf: file, teacher: source.teacher, method: source.method,
        configuration: source.configuration, context: source.context)
    }
    return images
  }

  /// The share of images that a network sees in the class with the largest share of their label.
  static func accuracy(_ images: SyntheticImages, _ network: Network, run options: RunOptions)
    throws -> Double
  {
    let logits = try FloatExecutor(network, context: options.context).logits(
      ofInputs: images.images)
    let hits = zip(logits.argmaxOfRows(), images.labels.argmaxOfRows()).filter { $0 == $1 }.count
    return Double(hits) / Double(max(images.count, 1))
  }

  private static func preset(
    _ value: (GeneratorSource.Configuration) -> some Equatable
  ) -> String {
    let pairs = Preset.allCases.map { "\($0.rawValue) \(value($0.generator))" }
    return "(preset: \(pairs.joined(separator: ", ")))"
  }
}
