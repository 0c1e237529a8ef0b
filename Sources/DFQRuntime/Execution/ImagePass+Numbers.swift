import DFQTensor

extension ImagePass {
  /// An operation in floating point, on values that are in floating point or become so.
  func compute(_ step: Step, inputs: ConstantList<Int>) {
    guard case .numbers(let any) = level.program.operations[step.output - 1].kind else { return }
    withUnsafeTemporaryAllocation(of: NumberInput.self, capacity: inputs.count) { list in
      var place = scratch.assumingMemoryBound(to: Float.self)
      for index in inputs.indices {
        let slot = level.slots[inputs[index]]
        list[index] = NumberInput(
          values: floats(inputs[index], at: place), pixels: slot.height * slot.width,
          channels: slot.channels)
        if slot.isCodes { place += (slot.count + 15) / 16 * 16 }
      }
      let slot = level.slots[step.output]
      any.operation.compute(
        UnsafeBufferPointer(list),
        NumberOutput(
          values: target(step), pixels: slot.height * slot.width, channels: slot.channels),
        kernels: kernels)
    }
  }
}
