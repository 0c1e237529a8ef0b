/// Joins nodes that together are one layer: activations that exporters write as several operators, and the bias
/// behind a product.
struct PatternRewriter {
  /// The names of activations that older opsets have no operator for.
  static let silu = "dynadfq.Silu"
  static let gelu = "dynadfq.Gelu"

  private(set) var nodes: [ImportNode]
  private let constants: [String: ONNXTensor]
  private let outputs: Set<String>

  /// Takes nodes in order, small constants by name, and the names of the graph's outputs, which stay.
  init(_ nodes: [ImportNode], constants: [String: ONNXTensor], outputs: Set<String>) {
    self.nodes = nodes
    self.constants = constants
    self.outputs = outputs
  }

  /// The nodes after all patterns were looked for.
  static func rewritten(
    _ nodes: [ImportNode], constants: [String: ONNXTensor], outputs: Set<String>
  ) -> [ImportNode] {
    var rewriter = PatternRewriter(nodes, constants: constants, outputs: outputs)
    rewriter.run()
    return rewriter.nodes
  }

  private mutating func run() {
    var producers: [String: Int] = [:]
    var consumers: [String: [Int]] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
      for input in node.inputs where !input.isEmpty { consumers[input, default: []].append(index) }
    }
    var removed: Set<Int> = []
    /// The node that makes a value which only one node reads.
    func maker(_ name: String, _ operations: String...) -> Int? {
      guard let index = producers[name], !removed.contains(index),
        operations.contains(nodes[index].operation), consumers[name]?.count == 1,
        !outputs.contains(name)
      else { return nil }
      return index
    }
    func number(_ name: String) -> Float? { constants[name]?.scalar }

    for index in nodes.indices {
      let node = nodes[index]
      switch node.operation {
      case "Mul" where node.inputs.count == 2:
        for (x, gate) in [(0, 1), (1, 0)] {
          let (value, other) = (node.inputs[x], node.inputs[gate])
          guard let sigmoid = producers[other], !removed.contains(sigmoid),
            nodes[sigmoid].inputs.first == value, consumers[other]?.count == 1
          else { continue }
          if nodes[sigmoid].operation == "Sigmoid" {
            nodes[index].operation = Self.silu
          } else if nodes[sigmoid].operation == "HardSigmoid",
            nodes[sigmoid].float("beta") ?? 0.5 == 0.5,
            abs((nodes[sigmoid].float("alpha") ?? 0.2) - 1 / 6) < 1e-6
          {
            nodes[index].operation = "HardSwish"
          } else {
            continue
          }
          nodes[index].inputs = [value]
          removed.insert(sigmoid)
          break
        }
        if nodes[index].operation == "Mul", let found = gelu(node, maker, number) {
          nodes[index].operation = Self.gelu
          nodes[index].inputs = [found.input]
          removed.formUnion(found.nodes)
        }
      case "Add" where node.inputs.count == 2:
        for (product, bias) in [(0, 1), (1, 0)] {
          guard let matrix = maker(node.inputs[product], "MatMul"),
            constants[nodes[matrix].inputs.last ?? ""] == nil,
            let numbers = constants[node.inputs[bias]], numbers.shape.count <= 1
          else { continue }
          // The product takes the sum's place and its name.
          var merged = nodes[matrix]
          merged.inputs.append(node.inputs[bias])
          merged.outputs = node.outputs
          nodes[index] = merged
          removed.insert(matrix)
          break
        }
      default: continue
      }
    }
    nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
  }

  /// x (1 + erf(x / sqrt 2)) / 2, the factors in any order.
  private func gelu(
    _ node: ImportNode, _ maker: (String, String...) -> Int?, _ number: (String) -> Float?
  ) -> (input: String, nodes: [Int])? {
    /// The input of 1 + erf(x / sqrt 2) and its nodes.
    func errorFunction(_ name: String) -> (input: String, nodes: [Int])? {
      guard let add = maker(name, "Add") else { return nil }
      let terms = nodes[add].inputs
      for (one, other) in [(0, 1), (1, 0)] where terms.count == 2 && number(terms[one]) == 1 {
        guard let erf = maker(terms[other], "Erf"),
          let scaled = maker(nodes[erf].inputs.first ?? "", "Div", "Mul")
        else { continue }
        let factors = nodes[scaled].inputs
        guard factors.count == 2, let factor = number(factors[1]) else { continue }
        let isRoot =
          nodes[scaled].operation == "Div"
          ? abs(factor - 1.4142135) < 1e-5 : abs(factor - 0.70710677) < 1e-5
        if isRoot { return (factors[0], [add, erf, scaled]) }
      }
      return nil
    }
    for (first, second) in [(0, 1), (1, 0)] {
      let (a, b) = (node.inputs[first], node.inputs[second])
      // (x (1 + erf)) 0.5
      if number(b) == 0.5, let product = maker(a, "Mul") {
        let inner = nodes[product].inputs
        for (x, e) in [(0, 1), (1, 0)] where inner.count == 2 {
          if let found = errorFunction(inner[e]), found.input == inner[x] {
            return (found.input, found.nodes + [product])
          }
        }
      }
      // (0.5 x) (1 + erf)
      if let half = maker(a, "Mul"), let found = errorFunction(b) {
        let inner = nodes[half].inputs
        for (x, h) in [(0, 1), (1, 0)] where inner.count == 2 {
          if number(inner[h]) == 0.5, found.input == inner[x] {
            return (found.input, found.nodes + [half])
          }
        }
      }
      // x (0.5 (1 + erf))
      if let half = maker(b, "Mul") {
        let inner = nodes[half].inputs
        for (e, h) in [(0, 1), (1, 0)] where inner.count == 2 {
          if number(inner[h]) == 0.5, let found = errorFunction(inner[e]), found.input == a {
            return (a, found.nodes + [half])
          }
        }
      }
    }
    return nil
  }
}
