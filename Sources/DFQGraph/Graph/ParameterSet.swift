public import DFQTensor

/// A network's parameters: a layout and one flat vector of values.
public struct ParameterSet: Sendable, Equatable {
  /// Where each parameter lies.
  public let layout: ParameterLayout
  /// The values.
  public var values: [Float]

  /// Makes parameters; `values` must fill the layout.
  public init(layout: ParameterLayout, values: [Float]) {
    precondition(values.count == layout.count, "the values do not fill the layout")
    self.layout = layout
    self.values = values
  }

  /// The parameters of a new network: weights by He's rule (normal, fan out for convolutions, as
  /// CIFAR ResNets are initialized; fan in for linear layers), scales and variances 1, everything
  /// else 0.
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
    self.init(layout: layout, values: values)
  }

  /// The value of a parameter by name, nil if there is none.
  public subscript(name: String) -> Tensor? {
    layout.entry(named: name).map(tensor)
  }

  /// The value of a parameter.
  public func tensor(_ entry: ParameterLayout.Entry) -> Tensor {
    Tensor(shape: entry.shape, elements: Array(values[entry.range]))
  }

  /// The value of a node's parameter with a role, nil if there is none.
  public func tensor(node: Int, _ role: ParameterLayout.Role) -> Tensor? {
    layout.entry(node: node, role).map(tensor)
  }

  /// The first parameter that holds NaN or infinity, or nil.
  public func firstNotFinite() -> ParameterLayout.Entry? {
    layout.entries.first { entry in !values[entry.range].allSatisfy(\.isFinite) }
  }
}
