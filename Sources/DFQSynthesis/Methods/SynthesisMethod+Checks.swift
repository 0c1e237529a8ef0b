import DFQTensor

extension SynthesisMethod {
  /// Checks that settings are finite and at least 0.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` with the name of the first that is not.
  static func demandNotNegative(_ settings: [(value: Float, what: String)]) throws {
    for (value, what) in settings where !(value.isFinite && value >= 0) {
      throw SynthesisError.badConfiguration(what: "\(what) of at least 0", found: "\(value)")
    }
  }

  /// The crops of a method that has none of its own: only where the run's rule is
  /// ``AugmentationRule/always``.
  static func cropsOnRequest(
    _ batch: SynthesisBatch, _ stream: inout RandomStream
  ) throws -> (any ImageTransform)? {
    guard batch.configuration.augmentation == .always else { return nil }
    return try batch.configuration.augmentation.draw(batch: batch.shape, stream: &stream)
  }
}
