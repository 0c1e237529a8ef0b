import DFQTensor

extension Executor {
  /// Computes a range of steps for a group; its input values must be in the arenas.
  ///
  /// Steps that take the group together separate runs of steps that go image by image.
  func forward(steps: Range<Int>, group: ImageGroup) {
    var position = steps.lowerBound
    while position < steps.upperBound {
      let run = runForward(from: position, to: steps.upperBound, group: group)
      if run.isEmpty {
        forwardTogether(position, group: group)
        position += 1
        continue
      }
      for image in group.images {
        for position in run { forward(position, image: image, group: group) }
      }
      position = run.upperBound
    }
  }

  /// Whether a step computes all images of a group at once.
  func isTogether(_ position: Int, group: ImageGroup) -> Bool {
    group.images.count > 1 && winograd.entries[position]?.isGrouped == true
  }

  /// The steps from `position` on that go image by image.
  private func runForward(from position: Int, to end: Int, group: ImageGroup) -> Range<Int> {
    var next = position
    while next < end, !isTogether(next, group: group) { next += 1 }
    return position..<next
  }

  private func forwardTogether(_ position: Int, group: ImageGroup) {
    let step = plan.steps[position]
    guard case .convolution(let convolution) = step.kind else { return }
    convolve(convolution, at: position, images: group.images, bank: 0, group: group)
    for image in group.images {
      transformForward(
        step.output, image: image, lane: group.lane, arena: group.values[image])
    }
  }

  private func forward(_ position: Int, image: Int, group: ImageGroup) {
    let step = plan.steps[position]
    if case .convolution(let convolution) = step.kind, convolution.style == .dense {
      convolve(
        convolution, at: position, images: image..<image + 1, bank: bank(step.output, image),
        group: group)
    } else {
      forward(step, image: image, scratch: group.scratch, arena: group.values[image])
    }
    transformForward(step.output, image: image, lane: group.lane, arena: group.values[image])
  }

  /// A dense convolution of images of a group that compute with one bank.
  private func convolve(
    _ convolution: ConvolutionStep, at position: Int, images: Range<Int>, bank: Int,
    group: ImageGroup
  ) {
    let step = plan.steps[position]
    let parameters = parameters.start + bank * plan.layout.count
    let bias = convolution.bias.map { UnsafePointer(parameters + $0.lowerBound) }
    let arena = group.values[images.lowerBound]
    let input = arena + plan.sourceOffset(step.inputs[0])
    let output = arena + plan.valueOffset[step.output]!
    guard let entry = winograd.entries[position] else {
      return runner.forward(
        convolution.shape, input: input, weight: parameters + convolution.weight.lowerBound,
        bias: bias, output: output, scratch: group.scratch)
    }
    context.kernels.winogradConvolve(
      tile: entry.tile, convolution.shape, images: images.count, input: input,
      inputStep: group.values.step,
      transformedWeight: winogradWeights.start + bank * winograd.weightCount + entry.forward,
      bias: bias, output: output, outputStep: group.values.step, accumulate: false,
      scratch: group.scratch)
  }

  /// Copies an image into the arena.
  func load(
    _ images: UnsafePointer<Float>, image: Int, lane: Int, arena: UnsafeMutablePointer<Float>
  ) {
    let count = plan.count(0)
    (arena + plan.valueOffset[0]!).update(from: images + image * count, count: count)
    transformForward(0, image: image, lane: lane, arena: arena)
  }

  private func transformForward(
    _ node: Int, image: Int, lane: Int, arena: UnsafeMutablePointer<Float>
  ) {
    guard let point = plan.transformPoint[node] else { return }
    transform!.forward(
      point: point, image: image, lane: lane, raw: arena + plan.valueOffset[node]!,
      output: arena + plan.transformedOffset[node]!)
  }

  private func forward(
    _ step: Step, image: Int, scratch: UnsafeMutablePointer<Float>,
    arena: UnsafeMutablePointer<Float>
  ) {
    let kernels = context.kernels
    let parameters = parameters.start + bank(step.output, image) * plan.layout.count
    let output = arena + plan.valueOffset[step.output]!
    let input = UnsafePointer(arena + plan.sourceOffset(step.inputs[0]))
    let shape = plan.graph.nodes[step.inputs[0]].outputShape
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
          scratch: scratch)
      case .grouped(let groups):
        runner.groupedForward(
          convolution.shape, groups: groups, input: input, weight: weight, bias: bias,
          output: output, scratch: scratch)
      }
    case .normalization(let norm):
      kernels.affineActivation(
        x: input, scale: normMemory.start + norm.prepared, shift: normMemory.start + norm.shift,
        residual: norm.hasResidual
          ? UnsafePointer(arena + plan.sourceOffset(step.inputs[1])) : nil,
        leak: norm.leak, high: norm.high, pixels: norm.pixels, channels: norm.channels, y: output)
    case .linear(let linear):
      Elementwise.linearForward(
        linear, input: input, parameters: parameters, output: output, kernels: kernels)
    case .add:
      output.update(from: input, count: count)
      kernels.axpy(1, x: arena + plan.sourceOffset(step.inputs[1]), count: count, y: output)
    case .tanh: Elementwise.tanhForward(input, count: count, output: output)
    case .copy: output.update(from: input, count: count)
    case .padChannels(let stride, let before):
      Elementwise.padChannelsForward(
        input, shape: shape, output: output, outputShape: plan.graph.nodes[step.output].outputShape,
        stride: stride, before: before)
    case .maxPool(let pool):
      Pooling.forward(
        pool, maximum: true, input: input, shape: shape, output: output,
        outputShape: plan.graph.nodes[step.output].outputShape)
    case .averagePool(let pool):
      Pooling.forward(
        pool, maximum: false, input: input, shape: shape, output: output,
        outputShape: plan.graph.nodes[step.output].outputShape)
    case .globalAveragePool:
      Pooling.globalForward(input, shape: shape, output: output)
    case .upsample(let factor):
      Elementwise.upsampleForward(input, shape: shape, factor: factor, output: output)
    }
  }
}
