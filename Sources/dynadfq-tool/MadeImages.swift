import DFQExperiments
import DynaDFQ

/// Images by any method, and the generator that made them where one did.
struct MadeImages {
  var images: SyntheticImages
  /// The generator after its warm-up; nil for images that are synthesized once.
  var source: GeneratorSource?

  /// Makes images under a progress bar.
  ///
  /// `checkpoint` is a directory for finished batches, `generatorFile` the file of a warmed-up generator.
  init(
    _ settings: ImageSettings, from network: Network, run options: RunOptions,
    checkpoint: String? = nil, generatorFile: String? = nil
  ) throws {
    try Memory.check("--count", images: settings.count, of: network)
    switch settings {
    case .synthesis(let method, let configuration):
      images = try MadeImages.synthesized(
        network, method, configuration, run: options, checkpoint: checkpoint)
    case .generator(let method, let configuration):
      var source = try GeneratorSource(
        teacher: network, method: method, configuration: configuration, context: options.context)
      images = try GeneratorImages.make(&source, run: options, file: generatorFile)
      self.source = source
    case .noise(let count, let seed):
      images = try .noise(count: count, for: network, seed: seed)
    }
  }

  private static func synthesized(
    _ network: Network, _ method: any SynthesisMethod, _ configuration: Synthesizer.Configuration,
    run options: RunOptions, checkpoint: String?
  ) throws -> SyntheticImages {
    try Memory.check(
      "--synthesis-batch", batch: min(configuration.imagesPerBatch, configuration.count),
      of: network)
    let synthesizer = try Synthesizer(
      teacher: network, method: method, configuration: configuration, context: options.context)
    var finished = 0
    return try options.withProgress(
      "synthesis", saved: saved(finished, configuration.batchCount, checkpoint)
    ) { bar in
      try synthesizer.synthesize(checkpoint: checkpoint) { p in
        finished = p.batch
        try bar.update(
          p.batch * p.steps + p.step, of: p.batches * p.steps,
          note: p.losses.map { "\($0.name) \(Output.short($0.value))" }.joined(separator: ", "))
      }
    }
  }

  private static func saved(_ finished: Int, _ batches: Int, _ checkpoint: String?) -> String {
    guard let checkpoint else {
      return "nothing is saved (with --checkpoint each finished batch is)"
    }
    return "\(finished) of \(batches) batches are finished and saved in \(checkpoint): "
      + "the same command continues"
  }
}
