extension HostileModels {
  /// Activations, sums and products.
  static var arithmetic: [(name: String, graph: HostileGraph)] {
    [
      (
        "activations",
        model { graph in
          var x = graph.add("LeakyRelu", ["image"], [.float("alpha", 0.1)])
          let slopes = graph.floats([2, 1, 1], positive)
          x = graph.add("PRelu", [x, slopes])
          for operation in ["HardSwish", "HardSigmoid", "Sigmoid", "Tanh"] {
            x = graph.add(operation, [x])
          }
          return x
        }
      ),
      (
        "gelu",
        model(opset: 20) { graph in
          let x = graph.add("Gelu", ["image"], [.text("approximate", "tanh")])
          return graph.add("Gelu", [x])
        }
      ),
      ("gelu-outside", model { gelu(&$0, order: 0) }),
      ("gelu-first", model { gelu(&$0, order: 1) }),
      ("gelu-inside", model { gelu(&$0, order: 2) }),
      (
        "swish",
        model { graph in
          let x = graph.add("Mul", ["image", graph.add("Sigmoid", ["image"])])
          let gate = graph.add(
            "HardSigmoid", [x], [.float("alpha", 1 / 6), .float("beta", 0.5)])
          return graph.add("Mul", [gate, x])
        }
      ),
      (
        "numbers",
        model { graph in
          let (one, each) = (graph.floats([], [0.5]), graph.floats([1, 2, 1, 1], [2, -0.5]))
          var x = graph.add("Mul", ["image", each])
          x = graph.add("Add", [one, x])
          x = graph.add("Sub", [x, each])
          x = graph.add("Sub", [one, x])
          return graph.add("Div", [x, each])
        }
      ),
      (
        "residual",
        model { graph in
          let weight = graph.floats([2, 2, 1, 1], numbers)
          let x = graph.add("Conv", ["image", weight])
          var gate = graph.add("GlobalAveragePool", [x])
          gate = graph.add("Sigmoid", [graph.add("Conv", [gate, weight])])
          let gated = graph.add("Mul", [x, gate])
          return graph.add("Add", [gated, "image"])
        }
      ),
      (
        "joined",
        model(channels: 6) { graph in
          let x = graph.add("Mul", ["image", "image"])
          let y = graph.add("Sum", [x, "image"])
          return graph.add("Concat", [x, "image", x], [.int("axis", 1)], name: y)
        }
      ),
    ]
  }

  /// x (1 + erf(x / sqrt 2)) / 2, the factors in one of three orders.
  private static func gelu(_ graph: inout HostileGraph, order: Int) -> String {
    let (root, one, half) = (
      graph.floats([], [Float(2).squareRoot()]), graph.floats([], [1]), graph.floats([], [0.5])
    )
    let scaled = graph.add("Div", ["image", root])
    let error = graph.add("Add", [graph.add("Erf", [scaled]), one])
    switch order {
    case 0: return graph.add("Mul", [graph.add("Mul", ["image", error]), half])
    case 1: return graph.add("Mul", [graph.add("Mul", ["image", half]), error])
    default: return graph.add("Mul", ["image", graph.add("Mul", [error, half])])
    }
  }
}
