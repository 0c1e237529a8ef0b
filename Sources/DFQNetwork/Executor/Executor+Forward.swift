import DFQTensor

extension Executor {
  /// Computes a range of steps for one image; its input value must be in the arena.
  func forward(
    steps: Range<Int>, image: Int, lane: Int, arena: UnsafeMutablePointer<Float>
  ) {
    for position in steps {
      let step = plan.steps[position]
      forward(step, image: image, lane: lane, arena: arena)
      transformForward(step.output, image: image, lane: lane, arena: arena)
    }
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
    _ step: Step, image: Int, lane: Int, arena: UnsafeMutablePointer<Float>
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
      let scratch = lanes[lane].scratch.start
      switch convolution.style {
      case .dense:
        runner.forward(
          convolution.shape, input: input, weight: weight, bias: bias, output: output,
          scratch: scratch)
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
