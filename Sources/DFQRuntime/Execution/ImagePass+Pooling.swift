import DFQTensor

extension ImagePass {
  /// The largest element of each window; codes of one grid are ordered like their values.
  func pool(_ window: ConvolutionShape, step: Step) {
    if level.slots[step.input].isCodes {
      poolCodes(window, step: step)
    } else if member > 0 {
      return
    } else if level.logitUnits.count > 0 {
      poolNumbers(window, step: step)
    } else {
      kernels.maxPool(window, input: stored(step.input), output: stored(step.output))
    }
  }

  /// The rows of the output that belong to this thread.
  private func poolCodes(_ window: ConvolutionShape, step: Step) {
    let rows =
      team?.share(window.outputHeight, unit: 1, member: member) ?? 0..<window.outputHeight
    if rows.isEmpty { return }
    let (part, firstInputRow) = window.rows(rows)
    let row = window.inputWidth * window.inputChannels
    kernels.codeMaxPool(
      part, input: codes(step.input) + firstInputRow * row,
      output: codes(step.output) + rows.lowerBound * window.outputWidth * window.inputChannels)
  }

  /// The mean of each window, in the order of additions of the training executor.
  func average(_ window: ConvolutionShape, step: Step) {
    let input = floats(step.input)
    let output = target(step)
    let channels = window.inputChannels
    for row in 0..<window.outputHeight {
      let top = row * window.strideHeight - window.padTop
      let rows = max(top, 0)..<min(top + window.kernelHeight, window.inputHeight)
      for column in 0..<window.outputWidth {
        let left = column * window.strideWidth - window.padLeft
        let columns = max(left, 0)..<min(left + window.kernelWidth, window.inputWidth)
        let target = output + (row * window.outputWidth + column) * channels
        target.update(repeating: 0, count: channels)
        for y in rows {
          for x in columns {
            let source = input + (y * window.inputWidth + x) * channels
            for channel in 0..<channels { target[channel] += source[channel] }
          }
        }
        let share = 1 / Float(rows.count * columns.count)
        for channel in 0..<channels { target[channel] *= share }
      }
    }
  }

  /// The mean over all positions, in the order of additions of the training executor.
  func averageAll(_ pixels: Int, step: Step) {
    let slot = level.slots[step.input]
    let output = target(step)
    output.update(repeating: 0, count: slot.channels)
    if slot.isCodes {
      let grid = grid(slot.point)
      kernels.codeSums(
        UnsafePointer(codes(step.input)), pixels: pixels, channels: slot.channels,
        offset: grid.offset, levelsPerUnit: grid.levelsPerUnit, sums: output)
    } else {
      var source = UnsafePointer(stored(step.input))
      for _ in 0..<pixels {
        for channel in 0..<slot.channels { output[channel] += source[channel] }
        source += slot.channels
      }
    }
    let share = 1 / Float(pixels)
    for channel in 0..<slot.channels { output[channel] *= share }
  }
}
