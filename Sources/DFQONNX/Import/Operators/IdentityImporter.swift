/// What changes nothing when a network is used.
enum IdentityImporter: OperatorImporter {
  static let operators = ["Identity", "Dropout", "Cast"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    graph.set(node.outputs[0], .feature(try graph.feature(node)))
  }
}
