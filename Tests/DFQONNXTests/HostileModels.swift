/// Models of some hundred bytes that together have every operator: what the fuzzer starts from.
enum HostileModels {
  /// Small numbers, none of which is 0.
  static let numbers: [Float] = [0.5, -0.25, 0.125, 1, -0.75]
  static let positive: [Float] = [1, 0.5, 2]

  static var all: [(name: String, graph: HostileGraph)] {
    layers + arithmetic + shapes + channels + constants
  }

  /// Models that lead the fuzzer to what is refused.
  static var refused: [(name: String, graph: HostileGraph)] {
    [
      (
        "external",
        model { graph in
          graph.add(
            tensor: HostileGraph.external(
              "weight", [2, 2, 1, 1],
              [("location", "weights"), ("offset", "0"), ("length", "16")]))
          return graph.add("Conv", ["image", "weight"])
        }
      )
    ]
  }

  /// A model with a map of a number of channels before the classifier.
  static func model(
    _ image: [Int?] = [1, 2, 6, 6], opset: Int = 17, channels: Int = 2,
    _ body: (inout HostileGraph) -> String
  ) -> HostileGraph {
    var graph = HostileGraph(image, opset: opset)
    let map = body(&graph)
    let pooled = graph.add("GlobalAveragePool", [map])
    let vector = graph.add("Flatten", [pooled])
    let (weight, bias) = (graph.floats([3, channels], numbers), graph.floats([3], numbers))
    graph.add("Gemm", [vector, weight, bias], [.int("transB", 1)])
    return graph
  }

  /// Layers with weights, and windows.
  private static var layers: [(name: String, graph: HostileGraph)] {
    [
      (
        "convolution",
        model { graph in
          let weight = graph.floats([2, 2, 3, 3], numbers)
          var x = graph.add("Conv", ["image", weight], [.ints("pads", [1, 1, 1, 1])])
          let scale = graph.floats([2], positive)
          x = graph.add("BatchNormalization", [x, scale, scale, scale, scale])
          return graph.add("Relu", [x])
        }
      ),
      (
        "depthwise",
        model { graph in
          let (weight, bias) = (graph.floats([2, 1, 3, 2], numbers), graph.floats([2], numbers))
          let x = graph.add(
            "Conv", ["image", weight, bias],
            [
              .int("group", 2), .ints("strides", [1, 2]), .ints("dilations", [2, 1]),
              .ints("pads", [2, 0, 1, 1]), .ints("kernel_shape", [3, 2]),
            ])
          let (low, high) = (graph.floats([], [0]), graph.floats([], [6]))
          return graph.add("Clip", [x, low, high])
        }
      ),
      (
        "same",
        model { graph in
          let weight = graph.floats([2, 2, 2, 2], numbers)
          var x = "image"
          for mode in ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"] {
            x = graph.add("Conv", [x, weight], [.text("auto_pad", mode)])
          }
          return x
        }
      ),
      (
        "pooling",
        model { graph in
          var x = graph.add(
            "MaxPool", ["image"],
            [.ints("kernel_shape", [3, 3]), .ints("strides", [2, 2]), .int("ceil_mode", 1)])
          x = graph.add(
            "AveragePool", [x],
            [
              .ints("kernel_shape", [2, 2]), .ints("pads", [1, 0, 0, 1]),
              .int("count_include_pad", 1),
            ])
          return graph.add(
            "AveragePool", [x], [.ints("kernel_shape", [2, 2]), .ints("pads", [0, 1, 1, 0])])
        }
      ),
      (
        "padded",
        model { graph in
          let (weight, pads) = (
            graph.floats([2, 2, 1, 1], numbers), graph.integers([0, 0, 1, 0, 0, 0, 0, 2])
          )
          let x = graph.add("Pad", ["image", pads])
          return graph.add("Conv", [x, weight], [.ints("pads", [0, 1, 0, 0])])
        }
      ),
      (
        "pads",
        model(channels: 5) { graph in
          let (pads, value) = (graph.integers([1, 0, 0, 2]), graph.floats([], [0.5]))
          let (axes, channels) = (
            graph.integers([2, 3]), graph.integers([0, 1, 0, 0, 0, 2, 0, 0])
          )
          let x = graph.add("Pad", ["image", pads, value, axes])
          return graph.add("Pad", [x, channels])
        }
      ),
      (
        "old",
        model([nil, 1, 4, 4], opset: 9, channels: 1) { graph in
          let scales = graph.floats([4], [1, 1, 2, 2])
          var x = graph.add("Upsample", ["image", scales], [.text("mode", "nearest")])
          x = graph.add("Pad", [x], [.ints("pads", [0, 0, 1, 1, 0, 0, 0, 0]), .float("value", 1)])
          return graph.add("Clip", [x], [.float("min", -1), .float("max", 2)])
        }
      ),
      (
        "resize",
        model { graph in
          let (scales, sizes) = (graph.floats([4], [1, 1, 2, 2]), graph.integers([1, 2, 24, 24]))
          let modes: [HostileGraph.Attribute] = [
            .text("mode", "nearest"), .text("nearest_mode", "floor"),
            .text("coordinate_transformation_mode", "asymmetric"),
          ]
          let x = graph.add("Resize", ["image", "", scales], modes)
          return graph.add("Resize", [x, "", "", sizes], modes)
        }
      ),
      ("maximum", maximum()),
      (
        "normalized",
        model { graph in
          var x = graph.add("Transpose", ["image"], [.ints("perm", [0, 2, 3, 1])])
          let (scale, matrix) = (graph.floats([2], positive), graph.floats([2, 2], numbers))
          x = graph.add(
            "LayerNormalization", [x, scale, scale], [.int("axis", -1), .float("epsilon", 1e-6)])
          x = graph.add("Add", [graph.add("MatMul", [x, matrix]), scale])
          return graph.add("Transpose", [x], [.ints("perm", [0, 3, 1, 2])])
        }
      ),
    ]
  }

  /// The largest number of each channel, a softmax at the end, and what changes nothing.
  private static func maximum() -> HostileGraph {
    var graph = HostileGraph([1, 3, 4, 4])
    var x = graph.add("Dropout", ["image"])
    x = graph.add("Cast", [x], [.int("to", 1)])
    x = graph.add("GlobalMaxPool", [x])
    let (weight, bias) = (graph.floats([3, 3, 1, 1], numbers), graph.floats([3], numbers))
    x = graph.add("Conv", [x, weight, bias])
    x = graph.add("Flatten", [x])
    x = graph.add("Identity", [x])
    graph.add("Softmax", [x], [.int("axis", 1)])
    return graph
  }
}
