public import DFQGraph
public import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Activation: ExecutableLayer {
  /// Makes the step of a hyperbolic tangent; the engine has built-in steps for piecewise linear
  /// activations.
  ///
  /// - Throws: ``LayerError`` for other activations.
  public func makeStep(inputs: [Shape], output: Shape) throws -> any LayerStep {
    guard self == .tanh else {
      throw LayerError(
        expected: "an activation that is not linear piece by piece", found: "\(self)")
    }
    return TanhStep(count: output.count)
  }
}

/// The hyperbolic tangent; its derivative is computed from its value.
struct TanhStep: LayerStep {
  let count: Int
  var backwardReads: LayerValues { .output }
  var isInPlace: Bool { true }

  func forward(_ values: LayerForward) {
    let (input, output) = (values.inputs[0], values.output)
    for index in 0..<count { output[index] = tanhf(input[index]) }
  }

  func backward(_ values: LayerBackward) {
    guard let g = values.inputGradients[0] else { return }
    let output = values.output
    for index in 0..<count { g[index] *= 1 - output[index] * output[index] }
  }
}
