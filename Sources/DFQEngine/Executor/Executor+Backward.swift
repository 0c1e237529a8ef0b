import DFQGraph
import DFQTensor

extension Executor {
  /// Which gradients a backward pass computes.
  struct Wanted {
    let images: Bool
    let parameters: Bool
  }

  /// Computes the backward of a range of steps for a group, last step first; `complete` completes
  /// the gradient at an image's node before it is used.
  func backward(
    steps: Range<Int>, group: ImageGroup, wanted: Wanted,
    complete: (_ node: Int, _ image: Int) -> Void
  ) {
    var end = steps.upperBound
    while end > steps.lowerBound {
      var start = end
      while start > steps.lowerBound, !isGrouped(start - 1, group: group) { start -= 1 }
      if start == end {
        end -= 1
        guard case .convolution(let convolution) = plan.steps[end].kind else { continue }
        for image in group.images { complete(plan.steps[end].output, image) }
        backward(
          convolution, at: end, images: group.images, bank: 0, wanted: wanted, group: group)
        continue
      }
      for image in group.images {
        for position in (start..<end).reversed() {
          complete(plan.steps[position].output, image)
          backward(position, image: image, wanted: wanted, group: group)
        }
      }
      end = start
    }
  }

  /// Computes the backward of one step for one image; the gradient at its output is complete.
  private func backward(_ position: Int, image: Int, wanted: Wanted, group: ImageGroup) {
    let gradients = group.gradients[image]
    let kernels = context.kernels
    let step = plan.steps[position]
    let first = plan.writesFirst[position]
    let count = plan.count(step.output)
    let g = gradients + plan.gradientOffset[step.output]!
    let input = UnsafePointer(group.source(step.inputs[0], image))
    let inputGradient = gradients + plan.gradientOffset[step.inputs[0]]!
    let needsInput = step.inputs[0] != 0 || wanted.images
    let own = shards[group.shard]
    let bank = bank(step.output, image)
    let parameters = parameters.start + bank * plan.layout.count
    let parameterGradient = own.parameterGradient.start + bank * plan.layout.count

    switch step.kind {
    case .convolution(let convolution):
      if convolution.style == .dense {
        backward(
          convolution, at: position, images: image..<image + 1, bank: bank, wanted: wanted,
          group: group)
      } else {
        backward(
          convolution, input: input, g: g, inputGradient: needsInput ? inputGradient : nil,
          accumulate: !first[0], group: group, bank: bank, wanted: wanted)
      }
    case .normalization(let norm):
      let residual = norm.hasResidual ? step.inputs[1] : nil
      let activationMask = group.activationMask(step.output, image)
      // Where nothing hasActivation, the slope is 1 whatever the residual.
      let readsResidual = norm.hasResidual && activationMask == nil && norm.hasActivation
      let correction = group.corrections(step.inputs[0])
      // In training they are part of the gradient at x too.
      let wantsSums = norm.norm != nil && (wanted.parameters || !group.fusesNormalizations)
      kernels.affineActivationBackward(
        gradient: g, x: input, scale: normMemory.start + norm.prepared,
        shift: normMemory.start + norm.shift,
        residual: readsResidual ? UnsafePointer(group.source(step.inputs[1], image)) : nil,
        y: outputKept(position, group: group)
          ? UnsafePointer(group.value(step.output, image)) : nil, activationMask: activationMask,
        negativeSlope: norm.negativeSlope,
        upperBound: norm.upperBound, pixels: norm.pixels, channels: norm.channels, xGradient: g,
        residualGradient: residual.map { gradients + plan.gradientOffset[$0]! },
        accumulateResidual: norm.hasResidual && !first[1], offset: correction,
        slope: correction.map { $0 + norm.channels },
        scaleGradient: wantsSums ? own.normGradient.start + norm.prepared : nil,
        shiftGradient: wantsSums ? own.normGradient.start + norm.shift : nil)
      handOn(g, to: inputGradient, first: first[0], count: count)
    case .linear(let linear):
      LinearKernel.backward(
        linear, input: input, g: g, parameters: parameters,
        parameterGradient: wanted.parameters ? parameterGradient : nil,
        inputGradient: needsInput ? inputGradient : nil, accumulate: !first[0], kernels: kernels)
    case .add:
      let second = gradients + plan.gradientOffset[step.inputs[1]]!
      if first[1] {
        second.update(from: g, count: count)
      } else {
        kernels.axpy(1, x: g, count: count, y: second)
      }
      handOn(g, to: inputGradient, first: first[0], count: count)
    case .layer(let index):
      backwardLayer(index, at: position, image: image, wanted: wanted, group: group)
    }
  }

  /// Whether a normalization's own output is at hand when its backward runs; it has just been read
  /// by the weight gradient of the convolution behind it, and its residual has not.
  private func outputKept(_ position: Int, group: ImageGroup) -> Bool {
    let output = plan.steps[position].output
    guard group.layout.retention == .everything, plan.transformPoint[output] == nil else {
      return false
    }
    guard let after = plan.convolutionAfter[position] else { return true }
    return !absorbs(position, before: after, group: group)
  }

  /// Elementwise steps compute in place; where another consumer wrote the input's gradient first,
  /// theirs is added.
  private func handOn(
    _ g: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, first: Bool,
    count: Int
  ) {
    if !first { context.kernels.axpy(1, x: g, count: count, y: target) }
  }

  private func backward(
    _ step: ConvolutionStep, input: UnsafePointer<Float>, g: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>?, accumulate: Bool, group: ImageGroup, bank: Int,
    wanted: Wanted
  ) {
    let kernels = context.kernels
    let scratch = group.scratch
    let shard = shards[group.shard]
    let start = bank * plan.layout.count
    let weight = UnsafePointer(parameters.start + start + step.weight.lowerBound)
    let weightGradient =
      wanted.parameters ? shard.parameterGradient.start + start + step.weight.lowerBound : nil
    let biasGradient =
      wanted.parameters
      ? step.bias.map { shard.parameterGradient.start + start + $0.lowerBound } : nil
    switch step.style {
    case .dense: preconditionFailure("dense convolutions take groups")
    case .depthwise:
      if let weightGradient {
        kernels.depthwiseWeightGradient(
          step.shape, input: input, outputGradient: g, weightGradient: weightGradient,
          biasGradient: biasGradient, scratch: scratch)
      }
      guard let inputGradient else { return }
      kernels.depthwiseDataGradient(
        step.shape, outputGradient: g, weight: weight, inputGradient: inputGradient,
        accumulate: accumulate, scratch: scratch)
    case .grouped(let groups):
      runner.groupedBackward(
        step.shape, groups: groups, input: input, weight: weight, outputGradient: g,
        inputGradient: inputGradient, accumulate: accumulate, weightGradient: weightGradient,
        biasGradient: biasGradient, scratch: scratch)
    }
  }
}
