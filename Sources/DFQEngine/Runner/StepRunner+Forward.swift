import DFQGraph
import DFQTensor

extension StepRunner {
  /// Computes a range of steps for a group; its input values must be in the arenas.
  ///
  /// Steps that take the group together separate runs of steps that go image by image.
  func forward(steps: Range<Int>, group: ImageGroup) {
    var position = steps.lowerBound
    while position < steps.upperBound {
      if isGroupedForward(position, group: group) {
        position = forward(position, images: group.images, end: steps.upperBound, group: group)
        continue
      }
      var end = position
      while end < steps.upperBound, !isGroupedForward(end, group: group) { end += 1 }
      for image in group.images {
        var next = position
        while next < end {
          next = forward(next, images: image..<image + 1, end: end, group: group)
        }
      }
      position = end
    }
  }

  /// Whether a step computes all images of a group at once.
  func isGrouped(_ position: Int, group: ImageGroup) -> Bool {
    guard group.images.count > 1 else { return false }
    if case .linear(let linear) = plan.steps[position].kind {
      return linear.hasManyWeights
    }
    return weights.winograd.isGrouped(position)
  }

  private func isGroupedForward(_ position: Int, group: ImageGroup) -> Bool {
    isGrouped(position, group: group) && !weights.isInteger(position, bank: 0)
  }

  /// Computes a step, and the next one where it goes with it; returns the step after.
  private func forward(
    _ position: Int, images: Range<Int>, end: Int, group: ImageGroup
  ) -> Int {
    let step = plan.steps[position]
    if let after = plan.convolutionAfter[position],
      absorbs(position, before: after, group: group)
    {
      return position + 1
    }
    guard case .convolution(let convolution) = step.kind, convolution.style == .dense else {
      if case .linear(let linear) = step.kind {
        forward(linear, of: step, images: images, group: group)
      } else {
        forward(step, image: images.lowerBound, group: group)
      }
      finish(step.output, images: images, group: group)
      return position + 1
    }
    let bank = bank(step.output, images.lowerBound)
    let fusesNormalization =
      group.policy.fusesNormalizations && plan.isNormalizedNext[position] && position + 1 < end
    if weights.isInteger(position, bank: bank) {
      convolveIntegers(
        convolution, at: position, bank: bank, image: images.lowerBound,
        fusesNormalization: fusesNormalization,
        group: group)
      if fusesNormalization { finish(step.output, images: images, group: group) }
      finish(
        plan.steps[fusesNormalization ? position + 1 : position].output, images: images,
        group: group)
      return position + (fusesNormalization ? 2 : 1)
    }
    let rows = 0..<convolution.shape.outputHeight
    let entry = weights.winogradEntry(position)
    if let entry {
      convolve(
        convolution, at: position, entry: entry, bank: bank, images: images, rows: rows,
        fusesNormalization: fusesNormalization, group: group)
    } else {
      for image in images {
        convolveDirectly(
          convolution, at: position, bank: bank, image: image, rows: rows,
          fusesNormalization: fusesNormalization,
          group: group)
      }
    }
    if !fusesNormalization || entry == nil {
      finish(step.output, images: images, group: group, hasMoments: entry != nil)
    }
    if fusesNormalization { finish(plan.steps[position + 1].output, images: images, group: group) }
    return position + (fusesNormalization ? 2 : 1)
  }

  /// Rows (and some of the output channels) of a convolution by Winograd's algorithm, with the moments
  /// of its outputs and, where it `fusesNormalization`, the normalization after it.
  ///
  /// Rows that begin in the middle of a tile would be computed in other tiles, to other last bits.
  func convolve(
    _ convolution: ConvolutionStep, at position: Int, entry: WinogradPlan.Entry, bank: Int,
    images: Range<Int>, rows: Range<Int>, outputs: Range<Int>? = nil, fusesNormalization: Bool,
    group: ImageGroup
  ) {
    let step = plan.steps[position]
    let first = images.lowerBound
    let part = convolution.shape.rows(rows)
    let before = rows.lowerBound * part.shape.outputWidth * part.shape.outputChannels
    var ending = ConvolutionEnding(
      bias: convolution.bias.map {
        UnsafePointer(weights.parameters(bank: bank) + $0.lowerBound)
      })
    ending.hasColdInput = group.policy.isCoupled && !group.policy.fusesNormalizations
    ending.isCold = group.policy.isCoupled
    ending.sums = group.moments(step.output)
    ending.channels = convolution.shape.outputChannels
    ending.outputs = outputs
    // The normalization's input is next read by its backward, or when the whole batch is done.
    let isReadLate =
      fusesNormalization || !group.policy.fusesNormalizations && plan.isNormalizedNext[position]
    ending.streamsOutput = group.policy.exceedsCaches && isReadLate
    if fusesNormalization, case .normalization(let norm) = plan.steps[position + 1].kind {
      let next = plan.steps[position + 1]
      ending.activation = .init(
        scale: weights.normalizations.start + norm.prepared,
        shift: weights.normalizations.start + norm.shift,
        residual: norm.hasResidual
          ? UnsafePointer(group.source(next.inputs[1], first) + before) : nil,
        negativeSlope: norm.negativeSlope, upperBound: norm.upperBound,
        y: group.value(next.output, first) + before,
        activationMask: group.activationMask(next.output, first).map { $0 + before / 8 },
        steps: (
          residual: norm.hasResidual ? group.sources(next.inputs[1]).step : 0,
          y: group.values(next.output).step,
          activationMask: group.kept.step * MemoryLayout<Float>.stride
        ))
      ending.dropsOutput = group.policy.dropsValues && !group.layout.isKept[step.output]
    }
    let input = input(of: position, image: first, group: group)
    let inputRow = convolution.shape.inputWidth * convolution.shape.inputChannels
    kernels.winogradConvolve(
      tile: entry.tile, part.shape, images: images.count,
      input: input.values + part.firstInputRow * inputRow,
      inputStep: input.step, beginning: input.beginning,
      transformedWeight: weights.transformed.start + bank * weights.winograd.weightCount
        + entry.forward,
      ending: ending, output: group.value(step.output, first) + before,
      outputStep: group.values(step.output).step, scratch: group.scratch)
  }

  /// Whether the convolution after a normalization computes it on the fly, in every pass over its
  /// inputs, so that its output need not be written.
  func absorbs(_ normalization: Int, before convolution: Int, group: ImageGroup) -> Bool {
    group.policy.absorbsNormalizations && weights.winograd.entries[convolution] != nil
      && !group.layout.isPinned[plan.steps[normalization].output]
  }

  /// What a convolution by Winograd's algorithm reads; neighbouring images lie `step` floats apart.
  struct Input {
    let values: UnsafePointer<Float>
    let step: Int
    var beginning: ConvolutionBeginning?
  }

  func input(of position: Int, image: Int, group: ImageGroup) -> Input {
    func input(_ node: Int, _ beginning: ConvolutionBeginning?) -> Input {
      Input(
        values: group.source(node, image), step: group.sources(node).step, beginning: beginning)
    }
    let step = plan.steps[position]
    guard let before = plan.normalizationBefore[position],
      absorbs(before, before: position, group: group),
      case .normalization(let norm) = plan.steps[before].kind
    else { return input(step.inputs[0], nil) }
    return input(
      plan.steps[before].inputs[0],
      ConvolutionBeginning(
        scale: weights.normalizations.start + norm.prepared,
        shift: weights.normalizations.start + norm.shift,
        negativeSlope: norm.negativeSlope, upperBound: norm.upperBound))
  }

  /// Copies an image into the arena.
  func load(_ images: UnsafePointer<Float>, image: Int, group: ImageGroup) {
    let count = plan.count(0)
    group.value(0, image).update(from: images + image * count, count: count)
    finish(0, images: image..<image + 1, group: group)
  }

  /// What follows a complete value: its moments, where they were not gathered with it, and its
  /// quantizer.
  private func finish(
    _ node: Int, images: Range<Int>, group: ImageGroup, hasMoments: Bool = false
  ) {
    let sums = hasMoments ? nil : group.moments(node)
    let point = plan.transformPoint[node]
    guard sums != nil || point != nil else { return }
    for image in images {
      let value = group.value(node, image)
      if let sums {
        let channels = plan.channels[node]
        kernels.moments(
          x: value, pixels: plan.count(node) / channels, channels: channels, sum: sums,
          squareSum: sums + channels)
      }
      if let point {
        transform!.forward(
          point: point, image: image, shard: group.shard, raw: value,
          output: group.transformed(node, image), codes: group.optionalCodes(node, image))
      }
    }
  }
}
