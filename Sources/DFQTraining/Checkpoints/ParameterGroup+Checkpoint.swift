import DFQTensor

extension TrainingCheckpoint {
  /// Adds a group's optimizer.
  mutating func add(_ group: ParameterGroup) {
    for (name, values) in group.optimizer.state {
      tensors["\(group.name).\(name)"] = Tensor(shape: [values.count], elements: values)
    }
    counters["\(group.name).steps"] = group.optimizer.steps
  }

  /// Restores a group's optimizer; `steps` is the number of steps the run has done.
  func restore(_ group: inout ParameterGroup, steps: Int) throws {
    var state = group.optimizer.state
    for (name, values) in state where !values.isEmpty {
      state[name] = try self.values("\(group.name).\(name)", count: values.count)
    }
    try group.optimizer.restore(
      state, steps: counter("\(group.name).steps", in: 0...steps))
  }

  /// Adds the state of a source of images.
  mutating func addSource(_ state: [String: Tensor]) {
    for (name, tensor) in state { tensors[Self.sourcePrefix + name] = tensor }
  }

  /// The state of a source, whose shapes must be those of `current`.
  func source(like current: [String: Tensor]) throws -> [String: Tensor] {
    let saved = tensors(withPrefix: Self.sourcePrefix)
    guard saved.mapValues(\.shape) == current.filter({ $0.value.count > 0 }).mapValues(\.shape)
    else {
      func text(_ state: [String: Tensor]) -> String {
        state.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.shape)" }
          .joined(separator: ", ")
      }
      throw bad("the source's state \"\(text(current))\"", "\"\(text(saved))\"")
    }
    return current.merging(saved) { $1 }
  }

  private static let sourcePrefix = "source."
}
