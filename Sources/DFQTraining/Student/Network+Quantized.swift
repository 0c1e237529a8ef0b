public import DFQGraph
public import DFQQuantization
public import DFQSynthesis
public import DFQTensor

extension Network {
  /// Quantizes the network without any training: synthesizes images where none are given, and
  /// calibrates the ranges on them (post-training quantization).
  ///
  /// ```swift
  /// let student = try teacher.quantized(Quantizer(weightBits: 8, activationBits: [8]))
  /// ```
  ///
  /// The selector of a quantizer with several candidates stays untrained; give the quantizer one
  /// candidate, or train with ``DynamicTrainer``.
  ///
  /// - Parameters:
  ///   - quantizer: How weights and activations are quantized.
  ///   - selector: How bits are chosen where there are several candidates.
  ///   - transforms: What is done with the network before it is quantized.
  ///   - images: Synthetic images of this network; nil synthesizes some with `synthesis`.
  ///   - synthesis: How images are synthesized.
  ///   - context: How work is executed.
  /// - Returns: The student; its shadow weights are those of the network behind all transforms.
  /// - Throws: ``QuantizationError``, ``NetworkError``, ``SynthesisError``, ``TrainingError``.
  public func quantized(
    _ quantizer: Quantizer, selector: BitSelector? = nil,
    transforms: [any DataFreeTransform] = [], images: SyntheticImages? = nil,
    synthesis: SoftLabelSynthesizer.Configuration = .demo, context: ExecutionContext = .default
  ) throws -> QuantizedNetwork {
    let trainer = DynamicTrainer(
      teacher: self, quantizer: quantizer, selector: selector, transforms: transforms,
      configuration: .init(holdOut: 0, seed: synthesis.seed), context: context)
    try trainer.check()
    let images =
      try images
      ?? SoftLabelSynthesizer(teacher: self, configuration: synthesis, context: context)
      .synthesize()
    return try trainer.calibrate(on: images)
  }

  /// The same off the caller's executor, ended by a cancellation of the caller's task.
  public func quantized(
    _ quantizer: Quantizer, selector: BitSelector? = nil,
    transforms: [any DataFreeTransform] = [], images: SyntheticImages? = nil,
    synthesis: SoftLabelSynthesizer.Configuration = .demo, context: ExecutionContext = .default
  ) async throws -> QuantizedNetwork {
    try await detached {
      try quantized(
        quantizer, selector: selector, transforms: transforms, images: images,
        synthesis: synthesis, context: context)
    }
  }
}
