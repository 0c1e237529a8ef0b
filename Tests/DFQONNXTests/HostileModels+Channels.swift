extension HostileModels {
  /// Channels in another order, parts of them, and normalizations over them.
  static var channels: [(name: String, graph: HostileGraph)] {
    [
      (
        "shuffled",
        model(channels: 4) { graph in
          let weight = graph.floats([4, 2, 1, 1], numbers)
          var x = graph.add("Conv", ["image", weight])
          x = graph.add("Reshape", [x, graph.integers([1, 2, 2, 6, 6])])
          x = graph.add("Transpose", [x], [.ints("perm", [0, 2, 1, 3, 4])])
          return graph.add("Reshape", [x, graph.integers([1, -1, 6, 6])])
        }
      ),
      (
        "parts",
        model(channels: 3) { graph in
          let weight = graph.floats([5, 2, 1, 1], numbers)
          let x = graph.add("Conv", ["image", weight])
          let sizes = graph.integers([2, 3])
          let parts = graph.add("Split", [x, sizes], outputs: 2, [.int("axis", 1)])
          let (starts, ends) = (graph.integers([-1]), graph.integers([.min]))
          let (axes, steps) = (graph.integers([1]), graph.integers([-2]))
          let slice = graph.add("Slice", [parts[1], starts, ends, axes, steps])
          let one = graph.add("Gather", [parts[0], graph.integers([-1])], [.int("axis", 1)])
          return graph.add("Concat", [slice, one], [.int("axis", 1)])
        }
      ),
      (
        "halves",
        model(opset: 18, channels: 1) { graph in
          let parts = graph.add(
            "Split", ["image"], outputs: 2, [.int("axis", 1), .int("num_outputs", 2)])
          return graph.add("Add", parts)
        }
      ),
      (
        "neighbours",
        model { graph in
          let x = graph.add("LRN", ["image"], [.int("size", 3)])
          return graph.add(
            "LRN", [x],
            [.int("size", 2), .float("alpha", 0.5), .float("beta", 0.5), .float("bias", 2)])
        }
      ),
      ("normalized-single", normalizedInSingleOperators()),
      ("strided", oneImage()),
    ]
  }

  /// Layer normalization before opset 17.
  private static func normalizedInSingleOperators() -> HostileGraph {
    model(opset: 13) { graph in
      let x = graph.add("Transpose", ["image"], [.ints("perm", [0, 2, 3, 1])])
      let (two, epsilon) = (graph.floats([], [2]), graph.floats([], [1e-5]))
      let (scale, shift) = (graph.floats([2], positive), graph.floats([2], numbers))
      let mean = graph.add("ReduceMean", [x], [.ints("axes", [-1])])
      let difference = graph.add("Sub", [x, mean])
      let square = graph.add("Pow", [difference, two])
      let variance = graph.add("ReduceMean", [square], [.ints("axes", [-1])])
      let root = graph.add("Sqrt", [graph.add("Add", [variance, epsilon])])
      let quotient = graph.add("Div", [difference, root])
      let y = graph.add("Add", [graph.add("Mul", [quotient, scale]), shift])
      return graph.add("Transpose", [y], [.ints("perm", [0, 3, 1, 2])])
    }
  }

  /// The batch of one image taken in by an axis, and back, as PyTorch's `as_strided`.
  private static func oneImage() -> HostileGraph {
    var graph = HostileGraph([1, 3, 4, 4])
    var x = graph.add("GlobalAveragePool", ["image"])
    x = graph.add("Reshape", [x, graph.integers([-1])])
    x = graph.add("Gather", [x, graph.integers([0, 1, 2], [1, 3, 1, 1])])
    x = graph.add("Flatten", [x])
    let weight = graph.floats([3, 3], numbers)
    graph.add("Gemm", [x, weight])
    return graph
  }
}
