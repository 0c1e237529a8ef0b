import DFQGraph
import DFQTensor

extension StepRunner {
  /// A convolution of one image in integers, with the normalization after it where it `fusesNormalization`.
  ///
  /// The sums are exact; what the float kernels compute differs from it by their rounding alone.
  /// Outputs are normalized band by band, while they are in the first-level cache.
  func convolveIntegers(
    _ convolution: ConvolutionStep, at position: Int, bank: Int, image: Int,
    fusesNormalization: Bool,
    group: ImageGroup
  ) {
    let step = plan.steps[position]
    let shape = convolution.shape
    let entry = weights.integers.plan.entries[position]!
    let grid = transform!.codeGrid(point: entry.point, image: image)
    let parts = IntegerPlan.scratch(shape, kernels)
    let scale = group.scratch
    let offset = group.scratch + parts.offset
    setScales(convolution, entry: entry, bank: bank, grid: grid, scale: scale, offset: offset)
    let drops = fusesNormalization && group.policy.dropsValues && !group.layout.isKept[step.output]
    let output = group.value(step.output, image)
    let rowCount = shape.outputWidth * shape.outputChannels
    let rows = IntegerPlan.bandRows(shape, kernels)
    let words = weights.integers.words(position, bank: bank)
    for first in stride(from: 0, to: shape.outputHeight, by: rows) {
      let band = first..<min(first + rows, shape.outputHeight)
      let x = drops ? group.scratch + parts.band : output + first * rowCount
      if let words {
        var ending = CodeEnding(scale: scale, offset: offset)
        ending.values = x - first * rowCount
        kernels.codeWinogradConvolution(
          .words4x4, shape, input: group.codes(step.inputs[0], image), padCode: grid.padCode,
          packedWeight: words, ending: ending, rows: band, scratch: group.scratch + parts.kernel)
      } else {
        kernels.integerConvolution(
          shape, input: group.codes(step.inputs[0], image), padCode: grid.padCode,
          packedWeight: weights.integers.weights(entry, bank: bank), scale: scale,
          offset: offset, rows: band, output: x, scratch: group.scratch + parts.kernel)
      }
      if fusesNormalization, case .normalization(let norm) = plan.steps[position + 1].kind {
        let next = plan.steps[position + 1]
        kernels.affineActivation(
          x: x, scale: weights.normalizations.start + norm.prepared,
          shift: weights.normalizations.start + norm.shift,
          residual: norm.hasResidual
            ? UnsafePointer(group.source(next.inputs[1], image) + first * rowCount) : nil,
          negativeSlope: norm.negativeSlope, upperBound: norm.upperBound,
          pixels: band.count * shape.outputWidth,
          channels: norm.channels, y: group.value(next.output, image) + first * rowCount)
      }
    }
  }

  /// What turns sums of products of codes into outputs: value = sum * scale + offset.
  ///
  /// With input (code + d) / S and weight w / W of sum total: scale = 1 / (S W) and offset = d *
  /// total * scale + bias.
  private func setScales(
    _ convolution: ConvolutionStep, entry: IntegerPlan.Entry, bank: Int, grid: CodeGrid,
    scale: UnsafeMutablePointer<Float>, offset: UnsafeMutablePointer<Float>
  ) {
    let channels = convolution.shape.outputChannels
    let units = weights.integers.constants(entry, bank: bank)
    let sums = units + aligned(channels)
    let unit = 1 / grid.levelsPerUnit
    let shift = Float(grid.offset)
    for channel in 0..<channels {
      scale[channel] = units[channel] * unit
      offset[channel] = shift * sums[channel] * scale[channel]
    }
    guard let bias = convolution.bias else { return }
    let start = weights.parameters(bank: bank) + bias.lowerBound
    for channel in 0..<channels { offset[channel] += start[channel] }
  }
}
