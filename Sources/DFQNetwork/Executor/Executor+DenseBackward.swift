import DFQTensor

extension Executor {
  /// The backward of a dense convolution for images of a group that compute with one bank.
  func backward(
    _ convolution: ConvolutionStep, at position: Int, images: Range<Int>, bank: Int,
    wanted: Wanted, group: ImageGroup
  ) {
    let step = plan.steps[position]
    let sizes = (images: images.count, gradients: group.gradients.step)
    let gradients = group.gradients[images.lowerBound]
    let g = gradients + plan.gradientOffset[step.output]!
    let input = input(of: position, image: images.lowerBound, group: group)
    if wanted.parameters {
      addParameterGradient(
        convolution, at: position, input: input, g: g, sizes: sizes,
        gradient: lanes[group.lane].parameterGradient.start + bank * plan.layout.count,
        scratch: group.scratch)
    }
    guard step.inputs[0] != 0 || wanted.images else { return }
    let inputGradient = gradients + plan.gradientOffset[step.inputs[0]]!
    let accumulate = !plan.writesFirst[position][0]
    guard let entry = winograd.entries[position] else {
      return runner.dataGradient(
        convolution.shape, outputGradient: g,
        weight: parameters.start + bank * plan.layout.count + convolution.weight.lowerBound,
        transposedWeight: transposed.start + bank * plan.transposedCount + convolution.transposed,
        inputGradient: inputGradient, accumulate: accumulate, scratch: group.scratch)
    }
    context.kernels.winogradConvolve(
      tile: entry.tile, convolution.shape.dataGradientShape, images: sizes.images, input: g,
      inputStep: sizes.gradients,
      transformedWeight: winogradWeights.start + bank * winograd.weightCount + entry.gradient,
      ending: .init(accumulate: accumulate), output: inputGradient, outputStep: sizes.gradients,
      scratch: group.scratch)
  }

  /// Adds the gradients at the weights and at the bias to `gradient`, which is laid out like the
  /// parameters.
  private func addParameterGradient(
    _ convolution: ConvolutionStep, at position: Int,
    input: Input, g: UnsafePointer<Float>, sizes: (images: Int, gradients: Int),
    gradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let shape = convolution.shape
    let weightGradient = gradient + convolution.weight.lowerBound
    let biasGradient = convolution.bias.map { gradient + $0.lowerBound }
    guard let entry = winograd.entries[position] else {
      return runner.weightGradient(
        shape, input: input.values, outputGradient: g, weightGradient: weightGradient,
        biasGradient: biasGradient, scratch: scratch)
    }
    context.kernels.winogradWeightGradient(
      tile: entry.tile, shape, images: sizes.images, input: input.values,
      inputStep: input.step, beginning: input.beginning, outputGradient: g,
      gradientStep: sizes.gradients, weightGradient: weightGradient,
      scratch: scratch)
    guard let biasGradient else { return }
    for image in 0..<sizes.images {
      context.kernels.addRows(
        g + image * sizes.gradients, pixels: shape.outputHeight * shape.outputWidth,
        channels: shape.outputChannels, to: biasGradient)
    }
  }
}
