import DynaDFQ
import Foundation

/// The images of a generator that learns beside the student.
enum GeneratorImages {
  /// Warms a generator up under a progress bar and takes its first images.
  ///
  /// With a path the warmed-up generator is kept there, and a run that finds it begins with it.
  static func make(
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
}
