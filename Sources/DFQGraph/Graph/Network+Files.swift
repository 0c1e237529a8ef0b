public import DFQFiles
package import DFQTensor

extension Network {
  /// Reads a network from a safetensors file whose metadata names its architecture, or as
  /// `architecture`.
  ///
  /// Tensors carry the names and layouts of public PyTorch checkpoints (weights O I KH KW). Throws
  /// `InterchangeError` for a bad file and `NetworkError` for weights that do not fit, naming layer
  /// and shapes.
  public init(contentsOf path: String, architecture: Architecture? = nil) throws {
    let file = try SafetensorsFile(contentsOf: path)
    let chosen = try architecture ?? Architecture(metadata: file.metadata)
    try self.init(file, architecture: chosen, path: path)
  }

  /// Takes a network from a file already read.
  public init(_ file: SafetensorsFile, architecture: Architecture, path: String) throws {
    var network = try architecture.network(seed: 0)
    var unused = Set(file.names.filter { !$0.hasSuffix("num_batches_tracked") })
    for entry in network.parameters.layout.entries {
      let layer = network.graph.nodes[entry.node].name
      let name = entry.name
      guard file.names.contains(name) else {
        throw NetworkError.missingParameter(layer: layer, parameter: name, file: path)
      }
      unused.remove(name)
      let tensor = try file.tensor(name)
      guard tensor.shape == entry.fileShape else {
        throw NetworkError.parameterShape(
          layer: layer, parameter: name, expected: entry.fileShape, found: tensor.shape)
      }
      network.parameters.values.replaceSubrange(entry.range, with: entry.fromFile(tensor).elements)
    }
    // A student's file also holds its quantizers, a checkpoint its optimizers, under names of their
    // own.
    unused = unused.filter { !$0.hasPrefix("quantization.") && !$0.hasPrefix("training.") }
    guard unused.isEmpty else {
      throw NetworkError.unexpectedParameters(file: path, names: unused.sorted())
    }
    if let entry = network.parameters.firstNotFinite() {
      throw NetworkError.notFinite(
        layer: network.graph.nodes[entry.node].name, parameter: entry.name)
    }
    for entry in network.parameters.layout.entries where entry.role == .runningVariance {
      if let negative = network.parameters.values[entry.range].first(where: { $0 < 0 }) {
        throw NetworkError.shapeMismatch(
          layer: network.graph.nodes[entry.node].name,
          expected: "running variances of at least 0", found: "\(negative)")
      }
    }
    self = network
  }

  /// The network as a safetensors file with the names and layouts of PyTorch checkpoints.
  public func file() throws -> SafetensorsFile {
    let architecture = try Architecture(name: self.architecture)
    var file = SafetensorsFile(metadata: architecture.metadata(preprocessing: preprocessing))
    for entry in parameters.layout.entries {
      file.add(entry.name, entry.toFile(parameters.tensor(entry)))
    }
    return file
  }

  /// Writes the network; the file appears whole or not at all.
  ///
  /// Throws `InterchangeError`.
  public func write(to path: String) throws {
    try file().write(to: path)
  }
}

extension ParameterLayout.Entry {
  /// The shape in PyTorch's layout: O I KH KW for convolutions, O I for linear layers.
  var fileShape: Shape {
    switch (role, shape.rank) {
    case (.weight, 4): [shape[3], shape[2], shape[0], shape[1]]
    case (.weight, 2): [shape[1], shape[0]]
    default: shape
    }
  }

  /// KH KW I O from O I KH KW, I O from O I.
  package func fromFile(_ tensor: Tensor) -> Tensor {
    permuted(tensor, from: fileShape, to: shape) { i in
      i.count == 4 ? [i[3], i[2], i[0], i[1]] : [i[1], i[0]]
    }
  }

  /// O I KH KW from KH KW I O, O I from I O.
  package func toFile(_ tensor: Tensor) -> Tensor {
    permuted(tensor, from: shape, to: fileShape) { i in
      i.count == 4 ? [i[2], i[3], i[1], i[0]] : [i[1], i[0]]
    }
  }

  private func permuted(
    _ tensor: Tensor, from source: Shape, to target: Shape, _ sourceIndex: ([Int]) -> [Int]
  ) -> Tensor {
    guard role == .weight else { return tensor }
    var result = Tensor(shape: target)
    var index = [Int](repeating: 0, count: target.rank)
    for position in 0..<target.count {
      let from = sourceIndex(index)
      var offset = 0
      for (axis, coordinate) in from.enumerated() { offset = offset * source[axis] + coordinate }
      result[position] = tensor[offset]
      var axis = target.rank - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < target[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
    return result
  }
}
