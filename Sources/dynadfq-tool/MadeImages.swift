import DFQExperiments
import DynaDFQ

/// Images by any method, and the generator that made them where one did.
struct MadeImages {
  var images: SyntheticImages
  /// The generator after its warm-up; nil for images that are synthesized once.
  var source: GeneratorSource?

  /// Makes images under a progress bar.
  ///
  /// `checkpoint` is a directory for finished batches, which is shared with other processes where `isShared` says so or where there
  /// are several; `generatorFile` is the file of a warmed-up generator.
  init(
    _ settings: ImageSettings, from network: Network, run options: RunOptions,
    checkpoint: String? = nil, generatorFile: String? = nil, isShared: Bool = false
  ) throws {
    try Memory.check("--count", images: settings.count, of: network)
    switch settings {
    case .synthesis(let method, let configuration):
      images = try MadeImages.synthesized(
        network, method, configuration, run: options, checkpoint: checkpoint, isShared: isShared)
    case .generator(let method, let configuration):
      guard Processes.count == 1 else {
        throw ToolError.usage("a generator learns in one process")
      }
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
    run options: RunOptions, checkpoint: String?, isShared: Bool
  ) throws -> SyntheticImages {
    let isShared = isShared || Processes.count > 1
    guard checkpoint != nil || !isShared else {
      throw ToolError.usage(
        "--checkpoint is needed: through it processes divide the batches, on a file system that all see"
      )
    }
    if options.execution.memory == nil {
      try Memory.check(
        "--synthesis-batch", batch: min(configuration.imagesPerBatch, configuration.count),
        of: network)
    }
    var synthesizer = try Synthesizer(
      teacher: network, method: method, configuration: configuration, context: options.context)
    if let memory = options.execution.memory {
      try Memory.check("--memory", bytes: memory.bytes)
      synthesizer = try synthesizer.within(bytes: memory.bytes)
      let (asked, batch) = (
        min(configuration.imagesPerBatch, configuration.count),
        synthesizer.configuration.imagesPerBatch
      )
      if batch < asked {
        Output.complain(
          "note: --memory has room for \(batch) images at a time and not for \(asked): other images"
        )
      }
    }
    var finished = 0
    return try options.withProgress(
      "synthesis", saved: saved(finished, synthesizer.configuration.batchCount, checkpoint)
    ) { bar in
      let report = { (p: SynthesisProgress) in
        finished = p.batch
        let losses = p.losses.map { "\($0.name) \(Output.short($0.value))" }
        try bar.update(
          p.batch * p.steps + p.step, of: p.batches * p.steps,
          note: p.step == 0 ? "waiting for other processes" : losses.joined(separator: ", "))
      }
      guard isShared, let checkpoint else {
        return try synthesizer.synthesize(checkpoint: checkpoint, progress: report)
      }
      return try synthesizer.synthesize(sharing: checkpoint, progress: report)
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
