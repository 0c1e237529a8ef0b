extension HostileModels {
  /// Weights that are computed, and tensors of all types.
  static var constants: [(name: String, graph: HostileGraph)] {
    [
      ("computed", model { computed(&$0) }),
      ("arranged", model { arranged(&$0) }),
      ("filled", model { filled(&$0) }),
      ("nodes", model { nodes(&$0) }),
    ]
      + types.map { type in
        (
          "type-\(type.name)",
          model { graph in
            var tensor = HostileGraph.tensor("weight", [2, 2, 1, 1], type: type.code)
            type.write(&tensor)
            graph.add(tensor: tensor)
            return graph.add("Conv", ["image", graph.add("Cast", ["weight"], [.int("to", 1)])])
          }
        )
      }
  }

  /// Every function of constants.
  private static func computed(_ graph: inout HostileGraph) -> String {
    var (x, two) = (graph.floats([2, 2, 1, 1], positive), graph.floats([], [2]))
    for operation in ["Sqrt", "Exp", "Reciprocal", "Neg", "Abs"] { x = graph.add(operation, [x]) }
    for operation in ["Add", "Sub", "Mul", "Div", "Min", "Max", "Pow"] {
      x = graph.add(operation, [x, two])
    }
    x = graph.add("Ceil", [graph.add("Floor", [x])])
    two = graph.add("Cast", [graph.add("Size", [x])], [.int("to", 7)])
    x = graph.add("Mul", [graph.add("Cast", [x], [.int("to", 6)]), two])
    return graph.add("Conv", ["image", graph.add("Cast", [x], [.int("to", 1)])])
  }

  /// Every change of a constant's shape.
  private static func arranged(_ graph: inout HostileGraph) -> String {
    let x = graph.floats([3, 4], numbers)
    let (zero, two) = (graph.integers([0]), graph.integers([2]))
    var rows = graph.add("Slice", [x, zero, two, zero])
    rows = graph.add("Transpose", [rows])
    rows = graph.add("Gather", [rows, graph.integers([1, -1])], [.int("axis", 0)])
    rows = graph.add("Unsqueeze", [rows, graph.integers([2, 3])])
    var all = graph.add("Concat", [rows, rows], [.int("axis", 3)])
    all = graph.add("Reshape", [all, graph.integers([1, 2, -1, 1, 2])])
    all = graph.add("Squeeze", [all, zero])
    return graph.add("Conv", ["image", graph.add("Identity", [all])])
  }

  /// Constants of a shape.
  private static func filled(_ graph: inout HostileGraph) -> String {
    let shape = graph.integers([2, 2, 1, 1])
    let value = HostileGraph.tensor("", [1], type: 1, raw: HostileMessage.bytes(of: [0.5]))
    let zeros = graph.add("ConstantOfShape", [shape])
    let halves = graph.add("ConstantOfShape", [shape], [.tensor("value", value)])
    return graph.add("Conv", ["image", graph.add("Add", [zeros, halves])])
  }

  /// Constants that are nodes.
  private static func nodes(_ graph: inout HostileGraph) -> String {
    let tensor = HostileGraph.tensor("", [2], type: 1, raw: HostileMessage.bytes(of: [2, -1]))
    let list = graph.add("Constant", [], [.tensor("value", tensor)])
    let floats = graph.add("Constant", [], [.floats("value_floats", [1, 2, 3, 4])])
    let extents = graph.add("Constant", [], [.ints("value_ints", [2, 2, 1, 1])])
    let number = graph.add("Constant", [], [.float("value_float", 0.5)])
    let whole = graph.add("Constant", [], [.int("value_int", 3)])
    var weight = graph.add("Reshape", [floats, extents])
    weight = graph.add("Mul", [graph.add("Mul", [weight, number]), whole])
    return graph.add("Conv", ["image", weight, list])
  }

  private struct ElementType {
    let name: String
    let code: Int
    let write: (inout HostileMessage) -> Void

    init(_ name: String, _ code: Int, _ write: @escaping (inout HostileMessage) -> Void) {
      (self.name, self.code, self.write) = (name, code, write)
    }

    /// Four numbers in bytes.
    static func raw(_ name: String, _ code: Int, _ words: [some FixedWidthInteger]) -> ElementType {
      ElementType(name, code) { $0.bytes(9, words.flatMap { HostileMessage.bytes(of: $0) }) }
    }
  }

  /// Four numbers in each type, in bytes and in the fields of their own.
  private static var types: [ElementType] {
    [
      .raw("uint8", 2, [1, 2, 3, 255] as [UInt8]), .raw("int8", 3, [1, -2, 3, -128] as [Int8]),
      .raw("uint16", 4, [1, 2, 3, .max] as [UInt16]), .raw("int16", 5, [1, 2, 3, -4] as [Int16]),
      .raw("int32", 6, [1, 2, 3, -4] as [Int32]), .raw("int64", 7, [1, 2, 3, -4] as [Int]),
      .raw("bool", 9, [1, 0, 1, 1] as [UInt8]),
      .raw("float16", 10, [0x3c00, 0x0001, 0xb800, 0x7bff] as [UInt16]),
      .raw("double", 11, [0.5, -1, 2, 1e-3].map(\.bitPattern)),
      .raw("uint32", 12, [1, 2, 3, 4] as [UInt32]), .raw("uint64", 13, [1, 2, 3, 4] as [UInt]),
      .raw("bfloat16", 16, [0x3f80, 0xbf80, 0x3e00, 0x4000] as [UInt16]),
      ElementType("float-field", 1) { $0.bytes(4, HostileMessage.bytes(of: [0.5, 1, -1, 2])) },
      ElementType("int32-field", 6) { $0.packed(5, [1, -2, 3, 4]) },
      ElementType("float16-field", 10) { $0.packed(5, [0x3c00, 0x3800, 0xb800, 0x4000]) },
      ElementType("int64-field", 7) { $0.packed(7, [1, -2, 3, 4]) },
      ElementType("double-field", 11) { tensor in
        let words = [0.5, -1, 2, 1].map(\.bitPattern)
        tensor.bytes(10, words.flatMap { HostileMessage.bytes(of: $0) })
      },
      ElementType("uint64-field", 13) { $0.packed(11, [1, 2, 3, 4]) },
    ]
  }
}
