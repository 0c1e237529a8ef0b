#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

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
