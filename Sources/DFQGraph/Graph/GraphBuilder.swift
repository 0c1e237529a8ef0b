public import DFQTensor

/// Builds a graph node by node and infers shapes; every method returns the new node's position and
/// throws `NetworkError.shapeMismatch` where the layer cannot take its input.
public struct GraphBuilder {
  private var nodes: [Graph.Node]

  /// Starts a graph with images of shape H W C (or a vector for a generator's input).
  public init(input: Shape) {
    nodes = [.init(name: "input", layer: .input, inputs: [], outputShape: input)]
  }

  /// The input's position.
  public var input: Int { 0 }

  /// The graph built so far; its output is the last node added.
  public func build() -> Graph { Graph(nodes: nodes) }

  /// The output shape of a node.
  public func shape(_ position: Int) -> Shape { nodes[position].outputShape }

  /// Adds a layer with one input.
  @discardableResult
  public mutating func add(
    _ name: String, _ layer: Layer, _ input: Int
  ) throws -> Int {
    let shape = try layer.outputShape(nodes[input].outputShape, name: name)
    nodes.append(.init(name: name, layer: layer, inputs: [input], outputShape: shape))
    return nodes.count - 1
  }

  /// Adds the sum of two nodes.
  @discardableResult
  public mutating func sum(
    _ name: String, _ first: Int, _ second: Int
  ) throws -> Int {
    guard shape(first) == shape(second) else {
      throw NetworkError.shapeMismatch(
        layer: name, expected: "two inputs of one shape",
        found: "\(shape(first)) and \(shape(second))")
    }
    nodes.append(
      .init(name: name, layer: .add, inputs: [first, second], outputShape: shape(first)))
    return nodes.count - 1
  }

  /// Adds a convolution, its batch norm and, if given, an activation named after the batch norm.
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

extension Layer {
  /// The output's shape for an input's shape; throws `NetworkError.shapeMismatch`.
  package func outputShape(_ input: Shape, name: String) throws -> Shape {
    func map() throws -> (height: Int, width: Int, channels: Int) {
      guard input.rank == 3, input.count > 0 else {
        throw NetworkError.shapeMismatch(
          layer: name, expected: "a map H W C", found: input.description)
      }
      return (input[0], input[1], input[2])
    }
    func window(_ extent: (Int) -> Int?, _ what: String) throws -> (Int, Int) {
      let map = try map()
      guard let height = extent(map.height), let width = extent(map.width) else {
        throw NetworkError.shapeMismatch(
          layer: name, expected: "an input at least as large as \(what)", found: "\(input)")
      }
      return (height, width)
    }
    switch self {
    case .input, .batchNorm, .activation: return input
    case .add:
      throw NetworkError.shapeMismatch(layer: name, expected: "two inputs", found: "one")
    case .convolution(let convolution):
      let map = try map()
      guard convolution.groups > 0, map.channels % convolution.groups == 0,
        convolution.outputChannels % convolution.groups == 0, convolution.outputChannels > 0,
        convolution.kernel > 0, convolution.stride > 0, convolution.paddingBefore >= 0,
        convolution.paddingAfter >= 0
      else {
        throw NetworkError.shapeMismatch(
          layer: name, expected: "channels divisible by \(convolution.groups) groups",
          found: "\(map.channels) in, \(convolution.outputChannels) out")
      }
      let (height, width) = try window(convolution.outputExtent, "the kernel")
      return [height, width, convolution.outputChannels]
    case .padChannels(let stride, let before, let after):
      let map = try map()
      guard stride > 0, before >= 0, after >= 0 else {
        throw NetworkError.shapeMismatch(
          layer: name, expected: "a stride above 0 and no negative padding",
          found: "\(stride), \(before), \(after)")
      }
      return [
        (map.height - 1) / stride + 1, (map.width - 1) / stride + 1, before + map.channels + after,
      ]
    case .maxPool(let pool), .averagePool(let pool):
      guard pool.kernel > 0, pool.stride > 0, (0..<pool.kernel).contains(pool.padding) else {
        throw NetworkError.shapeMismatch(
          layer: name, expected: "a window and stride above 0 and padding below the window",
          found: "\(pool)")
      }
      let (height, width) = try window(pool.outputExtent, "the window")
      return [height, width, input[2]]
    case .globalAveragePool: return [try map().channels]
    case .linear(let outputs, _):
      guard input.rank == 1, outputs > 0 else {
        throw NetworkError.shapeMismatch(
          layer: name, expected: "a vector", found: input.description)
      }
      return [outputs]
    case .upsample(let factor):
      let map = try map()
      guard factor > 0 else {
        throw NetworkError.shapeMismatch(
          layer: name, expected: "a factor above 0", found: "\(factor)")
      }
      return [map.height * factor, map.width * factor, map.channels]
    case .flatten: return [input.count]
    case .reshape(let shape):
      guard shape.count == input.count else {
        throw NetworkError.shapeMismatch(
          layer: name, expected: "\(shape.count) elements", found: input.description)
      }
      return shape
    }
  }
}
