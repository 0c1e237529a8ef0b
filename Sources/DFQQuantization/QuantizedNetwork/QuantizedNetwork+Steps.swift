#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The learned steps as one vector of logarithms, as an optimizer sees them: a logarithm keeps
/// steps positive and its gradient free of their scale.
extension QuantizedNetwork {
  /// Weights by layer and channel, then activations by point and candidate; without those that are
  /// not learned.
  package var learnedSteps: [Float] {
    get {
      var values = weightSteps.flatMap { $0 }.map { log($0) }
      if quantizer.activations.learnsStep {
        values += activationGrids.flatMap { $0 }.map { log($0.scale) }
      }
      return values
    }
    set {
      var next = newValue.makeIterator()
      for layer in weightSteps.indices {
        for channel in weightSteps[layer].indices {
          weightSteps[layer][channel] = exp(next.next()!)
        }
      }
      guard quantizer.activations.learnsStep else { return }
      for point in activationGrids.indices {
        for candidate in activationGrids[point].indices {
          activationGrids[point][candidate].levelsPerUnit = 1 / exp(next.next()!)
        }
      }
    }
  }

  /// The gradient of a pass in the same order.
  package func learnedStepGradient(
    weights: [[Float]], activations: [[Float]]
  ) -> [Float] {
    weights.flatMap { $0 } + (quantizer.activations.learnsStep ? activations.flatMap { $0 } : [])
  }
}
