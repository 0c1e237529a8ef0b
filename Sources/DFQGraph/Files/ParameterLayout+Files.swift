public import DFQTensor

extension ParameterLayout.Entry {
  /// The shape in PyTorch's layout: O I KH KW for convolutions, O I for linear layers.
  var fileShape: Shape {
    switch (role, shape.rank) {
    case (.weight, 4): [shape[3], shape[2], shape[0], shape[1]]
    case (.weight, 2): [shape[1], shape[0]]
    default: shape
    }
  }

  /// The values of a PyTorch tensor in this library's layout: KH KW I O from O I KH KW for
  /// convolutions, I O from O I for linear layers, the same for all other parameters.
  public func fromFile(_ tensor: Tensor) -> Tensor {
    permuted(tensor, from: fileShape, to: shape) { i in
      i.count == 4 ? [i[3], i[2], i[0], i[1]] : [i[1], i[0]]
    }
  }

  /// O I KH KW from KH KW I O, O I from I O.
  func toFile(_ tensor: Tensor) -> Tensor {
    permuted(tensor, from: shape, to: fileShape) { i in
      i.count == 4 ? [i[2], i[3], i[1], i[0]] : [i[1], i[0]]
    }
  }

  private func permuted(
    _ tensor: Tensor, from source: Shape, to target: Shape, _ sourceIndex: ([Int]) -> [Int]
  ) -> Tensor {
    guard role == .weight, shape.rank == 4 || shape.rank == 2 else { return tensor }
    var result = Tensor(shape: target)
    var index = [Int](repeating: 0, count: target.rank)
    for position in 0..<target.count {
      let from = sourceIndex(index)
      var offset = 0
      for (axis, coordinate) in from.enumerated() { offset = offset * source[axis] + coordinate }
      result[position] = tensor[offset]
      var axis = target.rank - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < target[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
    return result
  }
}
