import DFQTensor

extension ImagePass {
  /// An operation in floating point, on values that are in floating point or become so; a team shares the pixels.
  func compute(_ step: Step, inputs: ConstantList<Int>, decision: Int?) {
    guard case .numbers(let any) = level.program.operations[step.output - 1].kind else { return }
    let slot = level.slots[step.output]
    let count = slot.height * slot.width
    let pixels = team?.share(count, unit: 1, member: member) ?? 0..<count
    if pixels.isEmpty { return }
    withUnsafeTemporaryAllocation(of: NumberInput.self, capacity: inputs.count) { list in
      var place = scratch.assumingMemoryBound(to: Float.self)
      for index in inputs.indices {
        let input = level.slots[inputs[index]]
        let own = input.height * input.width == count ? pixels : 0..<input.height * input.width
        list[index] = NumberInput(
          values: floats(
            inputs[index], range: own.lowerBound * input.channels..<own.upperBound * input.channels,
            at: place), pixels: own.count, channels: input.channels)
        if input.isCodes { place += (input.count + 15) / 16 * 16 }
      }
      any.operation.compute(
        UnsafeBufferPointer(list),
        NumberOutput(
          values: target(step) + pixels.lowerBound * slot.channels, pixels: pixels.count,
          channels: slot.channels),
        kernels: kernels)
    }
    if decision == nil, slot.isCodes {
      round(step, range: pixels.lowerBound * slot.channels..<pixels.upperBound * slot.channels)
    }
  }
}
