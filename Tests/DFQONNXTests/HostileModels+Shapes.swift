extension HostileModels {
  /// Changes of shape, and shapes that are computed.
  static var shapes: [(name: String, graph: HostileGraph)] {
    [
      ("flattened", flattened()),
      ("turned", turned()),
      ("reshaped", reshaped()),
      ("means", means()),
      (
        "shortcut",
        model(channels: 4) { graph in
          let (starts, ends) = (graph.integers([0, 0]), graph.integers([.max, 6]))
          let (axes, steps) = (graph.integers([2, 3]), graph.integers([2, 2]))
          let x = graph.add("Slice", ["image", starts, ends, axes, steps])
          let pads = graph.integers([0, 1, 0, 0, 0, 1, 0, 0])
          return graph.add("Pad", [x, pads])
        }
      ),
      ("open", open()),
      ("last", last()),
    ]
  }

  private static func flattened() -> HostileGraph {
    var graph = HostileGraph([1, 2, 3, 2])
    let x = graph.add("Flatten", ["image"], [.int("axis", 1)])
    let weight = graph.floats([12, 3], numbers)
    graph.add("Gemm", [x, weight], [.float("alpha", 0.5)])
    return graph
  }

  /// Rows last, flattened in this order.
  private static func turned() -> HostileGraph {
    var graph = HostileGraph([1, 2, 3, 2])
    var x = graph.add("Transpose", ["image"], [.ints("perm", [0, 3, 1, 2])])
    let extents = graph.integers([0, -1])
    x = graph.add("Reshape", [x, extents])
    let weight = graph.floats([12, 3], numbers)
    graph.add("MatMul", [x, weight])
    return graph
  }

  /// The extents of a flattening, computed as exporters do.
  private static func reshaped() -> HostileGraph {
    var graph = HostileGraph([2, 2, 3, 2])
    let shape = graph.add("Shape", ["image"])
    let (zero, one, rest) = (
      graph.integers([0]), graph.integers([1]), graph.integers([-1])
    )
    let batch = graph.add("Slice", [shape, zero, one])
    let first = graph.add("Gather", [shape, graph.integers([0], [])])
    let also = graph.add("Unsqueeze", [first, zero])
    let same = graph.add("Div", [graph.add("Mul", [batch, also]), also])
    let target = graph.add("Concat", [same, rest], [.int("axis", 0)])
    let x = graph.add("Reshape", ["image", target])
    let weight = graph.floats([3, 12], numbers)
    let bias = graph.floats([1], numbers)
    graph.add("Gemm", [x, weight, bias], [.int("transB", 1), .float("beta", 2)])
    return graph
  }

  /// Means whose axes go, come and go again.
  private static func means() -> HostileGraph {
    var graph = HostileGraph([1, 3, 4, 4], opset: 18)
    let axes = graph.integers([-1, -2])
    var x = graph.add("ReduceMean", ["image", axes], [.int("keepdims", 0)])
    x = graph.add("Unsqueeze", [x, axes])
    x = graph.add("Squeeze", [x, axes])
    let weight = graph.floats([3, 3], numbers)
    graph.add("Gemm", [x, weight])
    return graph
  }

  /// Images of any size, with what the package writes of itself.
  private static func open() -> HostileGraph {
    var graph = model([nil, 3, nil, nil], channels: 3) { $0.add("Relu", ["image"]) }
    graph.metadata = [
      ("dynadfq.mean", "[0.5,0.4,0.3]"), ("dynadfq.std", "[0.2,0.2,0.1]"),
      ("dynadfq.class_names", "[\"a\",\"b\",\"c\"]"),
    ]
    return graph
  }

  /// Images whose channels are the last axis, as TensorFlow has them.
  private static func last() -> HostileGraph {
    var graph = model([1, 5, 6, 4], channels: 2) { graph in
      let x = graph.add("Transpose", ["image"], [.ints("perm", [0, 3, 1, 2])])
      let weight = graph.floats([2, 4, 2, 2], numbers)
      return graph.add("Conv", [x, weight], [.text("auto_pad", "SAME_LOWER")])
    }
    graph.isChannelsLast = true
    return graph
  }
}
