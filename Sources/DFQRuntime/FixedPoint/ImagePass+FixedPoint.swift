import DFQTensor

/// Steps in integers only; values without a grid are 32-bit numbers in the place of Float32.
extension ImagePass {
  /// The ending of a step with the places of its residual and its output.
  func fixedEnding(_ step: Step, _ prepared: FixedEnding) -> FixedEnding {
    var ending = prepared
    if let residual = step.ending.residual {
      if level.slots[residual].isCodes {
        ending.residualCodes = UnsafePointer(codes(residual))
      } else {
        ending.residualNumbers = UnsafePointer(numbers(residual))
      }
    }
    if level.slots[step.output].isCodes {
      ending.codes = codes(step.output)
    } else {
      ending.numbers = numbers(step.output)
    }
    return ending
  }

  /// Computes a step without products; false for a step with them.
  func runInIntegers(_ step: Step) -> Bool {
    switch step.kind {
    case .codeConvolution, .codeLinear: return false
    case .averagePool(let window): if member == 0 { sumWindows(window, step: step) }
    case .globalAveragePool: if member == 0 { sumAll(step) }
    default: if member == 0 { widen(step) }
    }
    guard member == 0 else { return true }
    let slot = level.slots[step.output]
    var ending = fixedEnding(step, step.fixed![pass])
    if let codes = ending.residualCodes {
      // Without products a residual's code counts once.
      let numbers = scratch.assumingMemoryBound(to: Int32.self)
      for index in 0..<slot.count { numbers[index] = Int32(codes[index]) }
      ending.residualCodes = nil
      ending.residualNumbers = UnsafePointer(numbers)
    }
    kernels.fixedEnding(
      ending, sums: sums, pixels: slot.count / slot.channels,
      channels: slot.channels)
    return true
  }

  /// A value of 32-bit numbers.
  private func numbers(_ value: Int) -> UnsafeMutablePointer<Int32> {
    (memory.arena + level.slots[value].offset).assumingMemoryBound(to: Int32.self)
  }

  /// Room for the sums of one value.
  private var sums: UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(memory.raw).assumingMemoryBound(to: Int32.self)
  }

  /// The input itself, as sums.
  private func widen(_ step: Step) {
    let slot = level.slots[step.input]
    if slot.isCodes {
      let codes = codes(step.input)
      for index in 0..<slot.count { sums[index] = Int32(codes[index]) }
    } else {
      sums.update(from: numbers(step.input), count: slot.count)
    }
  }

  private func sumAll(_ step: Step) {
    let slot = level.slots[step.input]
    sums.update(repeating: 0, count: slot.channels)
    for first in stride(from: 0, to: slot.count, by: slot.channels) {
      add(step.input, from: first, to: sums)
    }
  }

  /// The sums of windows, none of which leaves the map.
  private func sumWindows(_ window: ConvolutionShape, step: Step) {
    let channels = window.inputChannels
    var target = sums
    for row in 0..<window.outputHeight {
      for column in 0..<window.outputWidth {
        target.update(repeating: 0, count: channels)
        let (top, left) = (row * window.strideHeight, column * window.strideWidth)
        for y in top..<top + window.kernelHeight {
          for x in left..<left + window.kernelWidth {
            add(step.input, from: (y * window.inputWidth + x) * channels, to: target)
          }
        }
        target += channels
      }
    }
  }

  /// Adds one pixel, which begins at element `first`.
  private func add(_ value: Int, from first: Int, to target: UnsafeMutablePointer<Int32>) {
    let slot = level.slots[value]
    if slot.isCodes {
      let source = codes(value) + first
      for channel in 0..<slot.channels { target[channel] += Int32(source[channel]) }
    } else {
      let source = numbers(value) + first
      for channel in 0..<slot.channels { target[channel] += source[channel] }
    }
  }

  /// The largest number of each window.
  func poolNumbers(_ window: ConvolutionShape, step: Step) {
    let channels = window.inputChannels
    let input = numbers(step.input)
    var target = numbers(step.output)
    for row in 0..<window.outputHeight {
      let top = row * window.strideHeight - window.padTop
      for column in 0..<window.outputWidth {
        let left = column * window.strideWidth - window.padLeft
        target.update(repeating: .min, count: channels)
        for y in max(top, 0)..<min(top + window.kernelHeight, window.inputHeight) {
          for x in max(left, 0)..<min(left + window.kernelWidth, window.inputWidth) {
            let source = input + (y * window.inputWidth + x) * channels
            for channel in 0..<channels { target[channel] = max(target[channel], source[channel]) }
          }
        }
        target += channels
      }
    }
  }
}
