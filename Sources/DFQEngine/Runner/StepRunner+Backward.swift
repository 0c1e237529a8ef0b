import DFQGraph
import DFQTensor

extension StepRunner {
  /// Computes the backward of a range of steps for a group, last step first.
  ///
  /// `losses` completes the gradient at an image's node before it is used.
  func backward(steps: Range<Int>, group: ImageGroup, losses: LossAccumulator) {
    var end = steps.upperBound
    while end > steps.lowerBound {
      var start = end
      while start > steps.lowerBound, !isGrouped(start - 1, group: group) { start -= 1 }
      if start == end {
        end -= 1
        for image in group.images {
          losses.complete(plan.steps[end].output, image: image, group: group)
        }
        switch plan.steps[end].kind {
        case .convolution(let convolution):
          backward(convolution, at: end, images: group.images, bank: 0, group: group)
        case .linear(let linear):
          backward(linear, at: end, images: group.images, bank: 0, group: group)
        default: preconditionFailure("step \(end) does not take groups")
        }
        continue
      }
      for image in group.images {
        for position in (start..<end).reversed() {
          losses.complete(plan.steps[position].output, image: image, group: group)
          backward(position, image: image, group: group)
        }
      }
      end = start
    }
  }

  /// Computes the backward of one step for one image; the gradient at its output is complete.
  private func backward(_ position: Int, image: Int, group: ImageGroup) {
    let gradients = group.gradients[image]
    let step = plan.steps[position]
    let first = plan.writesFirst[position]
    let count = plan.count(step.output)
    let g = gradients + plan.gradientOffset[step.output]!
    let input = UnsafePointer(group.source(step.inputs[0], image))
    let inputGradient = gradients + plan.gradientOffset[step.inputs[0]]!
    let needsInput = step.inputs[0] != 0 || group.policy.imageGradient
    let bank = bank(step.output, image)

    switch step.kind {
    case .convolution(let convolution):
      if convolution.style == .dense {
        backward(convolution, at: position, images: image..<image + 1, bank: bank, group: group)
      } else {
        backward(
          convolution, input: input, g: g, inputGradient: needsInput ? inputGradient : nil,
          accumulate: !first[0], group: group, bank: bank)
      }
    case .normalization(let norm):
      normalizationBackward(norm, at: position, image: image, group: group)
      handOn(g, to: inputGradient, first: first[0], count: count)
    case .linear(let linear):
      backward(linear, at: position, images: image..<image + 1, bank: bank, group: group)
    case .add:
      let second = gradients + plan.gradientOffset[step.inputs[1]]!
      if first[1] {
        second.update(from: g, count: count)
      } else {
        kernels.axpy(1, x: g, count: count, y: second)
      }
      handOn(g, to: inputGradient, first: first[0], count: count)
    case .layer(let index):
      backwardLayer(index, at: position, image: image, group: group)
    }
  }

  /// The gradients of a normalization: in place at its input, at its residual, and the shard's sums
  /// for its scales and shifts.
  private func normalizationBackward(
    _ norm: NormalizationStep, at position: Int, image: Int, group: ImageGroup
  ) {
    let step = plan.steps[position]
    let gradients = group.gradients[image]
    let g = gradients + plan.gradientOffset[step.output]!
    let residual = norm.hasResidual ? step.inputs[1] : nil
    let activationMask = group.activationMask(step.output, image)
    // Without an activation the slope is 1 whatever the residual.
    let readsResidual = norm.hasResidual && activationMask == nil && norm.hasActivation
    let correction = group.corrections(step.inputs[0])
    // In training they are part of the gradient at x too.
    let wantsSums =
      norm.norm != nil
      && (group.policy.parameterGradient || !group.policy.fusesNormalizations)
    kernels.affineActivationBackward(
      gradient: g, x: group.source(step.inputs[0], image),
      scale: weights.normalizations.start + norm.prepared,
      shift: weights.normalizations.start + norm.shift,
      residual: readsResidual ? UnsafePointer(group.source(step.inputs[1], image)) : nil,
      y: outputKept(position, group: group)
        ? UnsafePointer(group.value(step.output, image)) : nil, activationMask: activationMask,
      negativeSlope: norm.negativeSlope, upperBound: norm.upperBound, pixels: norm.pixels,
      channels: norm.channels, xGradient: g,
      residualGradient: residual.map { gradients + plan.gradientOffset[$0]! },
      accumulateResidual: norm.hasResidual && !plan.writesFirst[position][1], offset: correction,
      slope: correction.map { $0 + norm.channels },
      scaleGradient: wantsSums ? group.normGradient! + norm.prepared : nil,
      shiftGradient: wantsSums ? group.normGradient! + norm.shift : nil)
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
    if !first { kernels.axpy(1, x: g, count: count, y: target) }
  }

  /// The backward of a depthwise or grouped convolution for one image.
  private func backward(
    _ step: ConvolutionStep, input: UnsafePointer<Float>, g: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>?, accumulate: Bool, group: ImageGroup, bank: Int
  ) {
    let scratch = group.scratch
    let weight = UnsafePointer(weights.parameters(bank: bank) + step.weight.lowerBound)
    let own = group.parameterGradient.map { $0 + bank * plan.layout.count }
    let weightGradient = own.map { $0 + step.weight.lowerBound }
    let biasGradient = step.bias.flatMap { bias in own.map { $0 + bias.lowerBound } }
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
      convolutions.groupedBackward(
        step.shape, groups: groups, input: input, weight: weight, outputGradient: g,
        inputGradient: inputGradient, accumulate: accumulate, weightGradient: weightGradient,
        biasGradient: biasGradient, scratch: scratch)
    }
  }
}
