import DFQGraph
import DFQTensor

extension Executor {
  /// The backward of a dense convolution for images of a group that compute with one bank.
  func backward(
    _ convolution: ConvolutionStep, at position: Int, images: Range<Int>, bank: Int,
    wanted: Wanted, group: ImageGroup
  ) {
    let step = plan.steps[position]
    let gradients = group.gradients[images.lowerBound]
    let g = UnsafePointer(gradients + plan.gradientOffset[step.output]!)
    let wantsInputs = step.inputs[0] != 0 || wanted.images
    let inputGradient = wantsInputs ? gradients + plan.gradientOffset[step.inputs[0]]! : nil
    let accumulate = !plan.writesFirst[position][0]
    let own = shards[group.shard].parameterGradient.start + bank * plan.layout.count
    let weightGradient = wanted.parameters ? own + convolution.weight.lowerBound : nil
    let biasGradient = convolution.bias.map { own + $0.lowerBound }
    let input = input(of: position, image: images.lowerBound, group: group)
    let shape = convolution.shape
    guard let entry = winograd.entries[position] else {
      if let weightGradient {
        runner.weightGradient(
          shape, input: input.values, outputGradient: g, weightGradient: weightGradient,
          biasGradient: biasGradient, scratch: group.scratch)
      }
      guard let inputGradient else { return }
      return runner.dataGradient(
        shape, outputGradient: g,
        weight: parameters.start + bank * plan.layout.count + convolution.weight.lowerBound,
        transposedWeight: transposed.start + bank * plan.transposedCount + convolution.transposed,
        inputGradient: inputGradient, accumulate: accumulate, scratch: group.scratch)
    }
    context.kernels.winogradBackward(
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
            isCold: group.isCold && !group.fusesNormalizations,
            transformedWeight: UnsafePointer(
              winogradWeights.start + bank * winograd.weightCount + entry.gradient))
        }),
      scratch: group.scratch)
    guard wanted.parameters, let biasGradient else { return }
    for image in 0..<images.count {
      context.kernels.addRows(
        g + image * group.gradients.step, pixels: shape.outputHeight * shape.outputWidth,
        channels: shape.outputChannels, to: biasGradient)
    }
  }
}
