public import DFQTensor

/// Builds a graph node by node and infers shapes.
///
/// Every method that adds a layer returns the new node's position.
///
/// ```swift
/// var builder = GraphBuilder(input: [8, 8, 3])
/// var x = try builder.add(
///   "conv", .convolution(.init(outputChannels: 16, kernel: 3, padding: 1)), builder.input)
/// x = try builder.add("relu", .activation(.relu), x)
/// x = try builder.add("pool", .globalAveragePool, x)
/// try builder.add("linear", .linear(outputs: 10, bias: true), x)
/// let graph = builder.build()
/// ```
public struct GraphBuilder {
  private var nodes: [Graph.Node]
  private var names: Set<String>
  private var use = GraphUse()

  /// Creates a graph whose input has shape H W C (or C for a generator's vectors).
  public init(input: Shape) {
    nodes = [
      .init(name: "input", layer: InputLayer(shape: input), inputs: [], outputShape: input)
    ]
    names = ["input"]
  }

  /// The input's position.
  public var input: Int { 0 }

  /// The number of nodes so far.
  var count: Int { nodes.count }

  /// Returns the graph built so far; its output is the last node added.
  public func build() -> Graph { Graph(nodes: nodes) }

  /// Returns the output shape of a node.
  ///
  /// - Throws: ``NetworkError/noSuchNode(position:count:)`` where the graph has no such node yet.
  public func shape(_ position: Int) throws -> Shape {
    guard nodes.indices.contains(position) else {
      throw NetworkError.noSuchNode(position: position, count: nodes.count)
    }
    return nodes[position].outputShape
  }

  /// Adds a layer that takes the outputs of other nodes.
  ///
  /// - Throws: ``NetworkError/shapeMismatch(layer:expected:found:)`` where the layer can't take its
  ///   inputs, ``NetworkError/duplicateLayer(name:)`` where the name is taken.
  @discardableResult
  public mutating func add(
    _ name: String, _ layer: some Layer, _ inputs: Int...
  ) throws -> Int {
    try add(name, layer, inputs: inputs)
  }

  /// Adds a layer that takes the outputs of a list of nodes.
  ///
  /// - Throws: ``NetworkError/shapeMismatch(layer:expected:found:)`` where the layer can't take its
  ///   inputs, ``NetworkError/duplicateLayer(name:)`` where the name is taken.
  @discardableResult
  public mutating func add(
    _ name: String, _ layer: any Layer, inputs: [Int]
  ) throws -> Int {
    if nodes.count == 1 { try use.add("input", output: nodes[0].outputShape, parameters: []) }
    guard !names.contains(name) else { throw NetworkError.duplicateLayer(name: name) }
    guard (1...GraphLimits.nameBytes).contains(name.utf8.count) else {
      throw NetworkError.shapeMismatch(
        layer: name, expected: "a name of 1 to \(GraphLimits.nameBytes) bytes",
        found: "\(name.utf8.count)")
    }
    guard !inputs.isEmpty else {
      throw NetworkError.shapeMismatch(
        layer: name, expected: "the output of another node", found: "no input")
    }
    guard let shapes = inputs.shapes(in: nodes) else {
      throw NetworkError.shapeMismatch(
        layer: name, expected: "inputs among nodes 0 to \(nodes.count - 1)", found: "\(inputs)")
    }
    let shape: Shape
    do {
      shape = try layer.outputShape(of: shapes)
    } catch let error as LayerError {
      throw NetworkError.shapeMismatch(layer: name, expected: error.expected, found: error.found)
    }
    try use.add(name, output: shape, parameters: layer.parameters(of: shapes))
    names.insert(name)
    nodes.append(.init(name: name, layer: layer, inputs: inputs, outputShape: shape))
    return nodes.count - 1
  }

  /// Adds the sum of two nodes.
  ///
  /// - Throws: ``NetworkError/shapeMismatch(layer:expected:found:)`` where the shapes differ,
  ///   ``NetworkError/duplicateLayer(name:)`` where the name is taken.
  @discardableResult
  public mutating func sum(
    _ name: String, _ first: Int, _ second: Int
  ) throws -> Int {
    try add(name, .sum, first, second)
  }

  /// Adds a convolution, its batch norm and, if given, an activation named after the batch norm.
  ///
  /// - Throws: ``NetworkError/shapeMismatch(layer:expected:found:)`` where a layer can't take its
  ///   input, ``NetworkError/duplicateLayer(name:)`` where a name is taken.
  public mutating func block(
    _ name: String, _ convolution: Convolution, normName: String, norm: BatchNorm = .init(),
    activation: Activation? = nil, _ input: Int
  ) throws -> Int {
    var node = try add(name, .convolution(convolution), input)
    node = try add(normName, .batchNorm(norm), node)
    if let activation { node = try add("\(normName).activation", .activation(activation), node) }
    return node
  }
}

extension [Int] {
  /// The output shapes of nodes, or nil where a position is out of range.
  fileprivate func shapes(in nodes: [Graph.Node]) -> [Shape]? {
    guard allSatisfy(nodes.indices.contains) else { return nil }
    return map { nodes[$0].outputShape }
  }
}
