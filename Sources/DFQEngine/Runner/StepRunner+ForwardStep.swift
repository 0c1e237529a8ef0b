import DFQGraph
import DFQTensor

extension StepRunner {
  /// Computes a step other than a dense convolution or a fully connected layer for one image.
  func forward(_ step: Step, image: Int, group: ImageGroup) {
    let parameters = weights.parameters(bank: bank(step.output, image))
    let output = group.value(step.output, image)
    let input = UnsafePointer(group.source(step.inputs[0], image))
    let count = plan.count(step.output)
    switch step.kind {
    case .convolution(let convolution):
      let weight = UnsafePointer(parameters + convolution.weight.lowerBound)
      let bias = convolution.bias.map { UnsafePointer(parameters + $0.lowerBound) }
      switch convolution.style {
      case .dense: preconditionFailure("dense convolutions take groups")
      case .depthwise:
        kernels.depthwiseForward(
          convolution.shape, input: input, weight: weight, bias: bias, output: output,
          scratch: group.scratch)
      case .grouped(let groups):
        convolutions.groupedForward(
          convolution.shape, groups: groups, input: input, weight: weight, bias: bias,
          output: output, scratch: group.scratch)
      }
    case .normalization(let norm):
      kernels.affineActivation(
        x: input, scale: weights.normalizations.start + norm.prepared,
        shift: weights.normalizations.start + norm.shift,
        residual: norm.hasResidual ? UnsafePointer(group.source(step.inputs[1], image)) : nil,
        negativeSlope: norm.negativeSlope, upperBound: norm.upperBound, pixels: norm.pixels,
        channels: norm.channels, y: output,
        activationMask: group.activationMask(step.output, image))
    case .linear: preconditionFailure("fully connected layers take groups")
    case .add:
      output.update(from: input, count: count)
      kernels.axpy(1, x: group.source(step.inputs[1], image), count: count, y: output)
    case .layer(let index): forwardLayer(index, output: step.output, image: image, group: group)
    }
  }

  /// Computes a fully connected layer for images that compute with one bank.
  func forward(_ linear: LinearStep, of step: Step, images: Range<Int>, group: ImageGroup) {
    let first = images.lowerBound
    LinearKernel.forward(
      linear, images: images.count,
      inputs: .init(
        start: UnsafePointer(group.source(step.inputs[0], first)),
        step: group.sources(step.inputs[0]).step),
      parameters: weights.parameters(bank: bank(step.output, first)),
      outputs: .init(
        start: group.value(step.output, first), step: group.values(step.output).step),
      kernels: kernels)
  }
}
