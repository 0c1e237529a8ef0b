/// What changes nothing when a network is used.
enum IdentityImporter: OperatorImporter {
  static let operators = ["Identity", "Dropout", "Cast"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    // Whole numbers would be other values; float, half, double and bfloat16 are the same here.
    if node.operation == "Cast", ![1, 10, 11, 16].contains(node.int("to") ?? 0) {
      throw graph.refuse(node, "a type of floating-point numbers", "type \(node.int("to") ?? 0)")
    }
    graph.set(node.outputs[0], .feature(try graph.feature(node)))
  }
}
