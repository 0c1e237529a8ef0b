public import DynaDFQ

/// How an image set is made.
public enum ImageSettings: Sendable {
  /// Synthesis by soft labels.
  case softLabels(SoftLabelSynthesizer.Configuration)
  /// Synthesis of hard samples.
  case hardSamples(HardSampleMethod, Synthesizer.Configuration)
  /// Gaussian noise, as a baseline.
  case noise(count: Int, seed: UInt64)
  /// A generator that learns on beside each student; the stored set is what it makes before.
  case generator(any GeneratorMethod, GeneratorSource.Configuration)

  /// The number of images, before unfaithful ones are dropped.
  var count: Int {
    switch self {
    case .softLabels(let configuration): configuration.count
    case .hardSamples(_, let run): run.count
    case .noise(let count, _): count
    case .generator(_, let configuration): configuration.count
    }
  }
}

extension ImageSettings {
  /// The method and settings of a generator; nil for other sets.
  var generator: (any GeneratorMethod, GeneratorSource.Configuration)? {
    guard case .generator(let method, let configuration) = self else { return nil }
    return (method, configuration)
  }

  /// The settings of the run; nil for images that are not synthesized.
  var run: Synthesizer.Configuration? {
    switch self {
    case .softLabels(let configuration): configuration.run
    case .hardSamples(_, let run): run
    case .noise, .generator: nil
    }
  }

  /// The synthesizer of a network's images, with the settings' own run or another; nil for images that
  /// are not synthesized.
  ///
  /// - Throws: What `Synthesizer` throws.
  func synthesizer(
    _ network: Network, run other: Synthesizer.Configuration? = nil, context: ExecutionContext
  ) throws -> Synthesizer? {
    let method: any SynthesisMethod
    switch self {
    case .softLabels(let configuration): method = configuration.method
    case .hardSamples(let hard, _): method = hard
    case .noise, .generator: return nil
    }
    guard let run = other ?? run else { return nil }
    return try Synthesizer(teacher: network, method: method, configuration: run, context: context)
  }
}
