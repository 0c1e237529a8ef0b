import DFQGraph
import DFQTensor

extension StepRunner {
  /// The backward of a dense convolution for images of a group that compute with one bank.
  func backward(
    _ convolution: ConvolutionStep, at position: Int, images: Range<Int>, bank: Int,
    group: ImageGroup
  ) {
    let step = plan.steps[position]
    let gradients = group.gradients[images.lowerBound]
    let g = UnsafePointer(gradients + plan.gradientOffset[step.output]!)
    let wantsInputs = step.inputs[0] != 0 || group.policy.imageGradient
    let inputGradient = wantsInputs ? gradients + plan.gradientOffset[step.inputs[0]]! : nil
    let accumulate = !plan.writesFirst[position][0]
    let own = group.parameterGradient.map { $0 + bank * plan.layout.count }
    let weightGradient = own.map { $0 + convolution.weight.lowerBound }
    let biasGradient = convolution.bias.flatMap { bias in own.map { $0 + bias.lowerBound } }
    let input = input(of: position, image: images.lowerBound, group: group)
    let shape = convolution.shape
    guard let entry = weights.winograd.entries[position] else {
      if let weightGradient {
        convolutions.weightGradient(
          shape, input: input.values, outputGradient: g, weightGradient: weightGradient,
          biasGradient: biasGradient, scratch: group.scratch)
      }
      guard let inputGradient else { return }
      return convolutions.dataGradient(
        shape, outputGradient: g,
        weight: weights.parameters(bank: bank) + convolution.weight.lowerBound,
        transposedWeight: weights.transposed.start + bank * plan.transposedCount
          + convolution.transposed,
        inputGradient: inputGradient, accumulate: accumulate, scratch: group.scratch)
    }
    kernels.winogradBackward(
      tile: entry.tile, shape, images: images.count,
      WinogradGradients(
        outputGradient: g, step: group.gradients.step,
        weights: weightGradient.map {
          .init(
            gradient: $0, input: input.values, step: input.step, beginning: input.beginning)
        },
        inputs: inputGradient.map {
          .init(
            gradient: $0, step: group.gradients.step, accumulate: accumulate,
            isCold: group.policy.isCoupled && !group.policy.fusesNormalizations,
            transformedWeight: UnsafePointer(
              weights.transformed.start + bank * weights.winograd.weightCount + entry.gradient))
        }),
      scratch: group.scratch)
    guard let biasGradient else { return }
    for image in 0..<images.count {
      kernels.addRows(
        g + image * group.gradients.step, pixels: shape.outputHeight * shape.outputWidth,
        channels: shape.outputChannels, to: biasGradient)
    }
  }

  /// The backward of a fully connected layer for images of a group that compute with one bank.
  func backward(
    _ linear: LinearStep, at position: Int, images: Range<Int>, bank: Int, group: ImageGroup
  ) {
    let step = plan.steps[position]
    let gradients = group.gradients[images.lowerBound]
    let apart = group.gradients.step
    let wantsInputs = step.inputs[0] != 0 || group.policy.imageGradient
    LinearKernel.backward(
      linear, images: images.count,
      inputs: .init(
        start: UnsafePointer(group.source(step.inputs[0], images.lowerBound)),
        step: group.sources(step.inputs[0]).step),
      outputGradients: .init(
        start: UnsafePointer(gradients + plan.gradientOffset[step.output]!), step: apart),
      parameters: weights.parameters(bank: bank),
      into: .init(
        parameters: group.parameterGradient.map { $0 + bank * plan.layout.count },
        inputs: wantsInputs
          ? .init(start: gradients + plan.gradientOffset[step.inputs[0]]!, step: apart) : nil,
        accumulates: !plan.writesFirst[position][0],
        clearsWeights: group.clearsManyWeights && linear.hasManyWeights),
      kernels: kernels)
  }
}
