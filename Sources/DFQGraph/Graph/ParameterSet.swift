public import DFQTensor

/// A network's parameters: a layout and one flat vector of values.
public struct ParameterSet: Sendable, Equatable {
  /// Where each parameter lies.
  public let layout: ParameterLayout
  /// The values; always as many as the layout has places.
  public package(set) var values: [Float]

  /// Creates parameters from their values.
  ///
  /// - Throws: ``NetworkError/parametersDoNotFit(expected:found:)`` where the values don't fill the
  ///   layout.
  public init(layout: ParameterLayout, values: [Float]) throws {
    guard values.count == layout.count else {
      throw NetworkError.parametersDoNotFit(
        expected: "\(layout.count) values", found: "\(values.count)")
    }
    self.layout = layout
    self.values = values
  }

  /// Creates the parameters of a new network from a seed.
  ///
  /// Weights are normal with variance 2/fan (He et al., 2015, equation 10): the fan is that of the
  /// outputs for convolutions, as CIFAR ResNets are initialized, and that of the inputs for linear
  /// layers. Scales and variances start at 1, everything else at 0 or at its layer's initial value.
  public init(initializing layout: ParameterLayout, seed: UInt64) {
    var values = [Float](repeating: 0, count: layout.count)
    for entry in layout.entries {
      if let value = entry.initialValue {
        for index in entry.range { values[index] = value }
        continue
      }
      switch entry.role {
      case .weight:
        var stream = RandomStream(seed: seed, "initialization", entry.name)
        let fan = entry.shape.rank == 4 ? entry.shape.count / entry.shape[2] : entry.shape[0]
        let deviation = (2 / Float(fan)).squareRoot()
        for index in entry.range { values[index] = deviation * stream.normal() }
      case .normScale, .runningVariance:
        for index in entry.range { values[index] = 1 }
      case .bias, .normShift, .runningMean, .other: break
      }
    }
    self.layout = layout
    self.values = values
  }

  /// The value of a parameter by name, or nil where there is none.
  public subscript(name: String) -> Tensor? {
    layout.entry(named: name).map(tensor)
  }

  /// Replaces the value of a parameter.
  ///
  /// - Throws: ``NetworkError/parametersDoNotFit(expected:found:)`` where no parameter has that
  ///   name or its shape is another one.
  public mutating func set(_ name: String, to tensor: Tensor) throws {
    guard let entry = layout.entry(named: name) else {
      throw NetworkError.parametersDoNotFit(expected: "a parameter's name", found: name)
    }
    guard tensor.shape == entry.shape else {
      throw NetworkError.parametersDoNotFit(
        expected: "\(name) of shape \(entry.shape)", found: "\(tensor.shape)")
    }
    values.replaceSubrange(entry.range, with: tensor.elements)
  }

  /// Calls a closure that changes the values in place.
  public mutating func withMutableValues<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try values.withUnsafeMutableBufferPointer { try body($0) }
  }

  /// Returns the value of a parameter.
  public func tensor(_ entry: ParameterLayout.Entry) -> Tensor {
    Tensor(shape: entry.shape, elements: Array(values[entry.range]))
  }

  /// Returns the value of a node's parameter with a role, or nil where there is none.
  public func tensor(node: Int, _ role: ParameterLayout.Role) -> Tensor? {
    layout.entry(node: node, role).map(tensor)
  }

  /// Returns the first parameter that holds NaN or infinity, or nil.
  public func firstNotFinite() -> ParameterLayout.Entry? {
    layout.entries.first { entry in !values[entry.range].allSatisfy(\.isFinite) }
  }

  /// Throws unless the parameters are laid out as `expected`.
  func check(_ expected: ParameterLayout) throws {
    guard layout == expected else {
      let pair = zip(layout.entries, expected.entries).first { $0 != $1 }
      throw NetworkError.parametersDoNotFit(
        expected: pair.map { "\($0.1.name) of shape \($0.1.shape)" }
          ?? "\(expected.entries.count) parameters",
        found: pair.map { "\($0.0.name) of shape \($0.0.shape)" }
          ?? "\(layout.entries.count)")
    }
  }
}
