import DFQTensor

/// A function of every element; its derivative is computed from the input.
struct ElementwiseStep: LayerStep {
  let function: ElementFunction
  let count: Int
  var backwardReads: LayerValues { .inputs }
  var isInPlace: Bool { true }

  func forward(_ values: LayerForward) {
    function.apply(
      to: values.inputs[0], count: count, output: values.output, kernels: values.kernels)
  }

  func backward(_ values: LayerBackward) {
    guard let g = values.inputGradients[0] else { return }
    function.multiplySlopes(
      at: values.inputs[0], count: count, gradient: g, kernels: values.kernels)
  }
}
