public import DFQEngine
public import DFQGraph
public import DFQTensor

/// A change of a network before it is quantized, made from its own numbers and without any image:
/// equalization, correction of biases, scales folded into weights, channels that are left out.
///
/// A new transform is one file: a type that conforms to this protocol. One of this package also has a
/// line in `MethodCatalogue.transforms`.
///
/// A transform keeps the nodes of the graph with their names and their order, so that rules for
/// layers, objectives and observers mean the same nodes before and after it. It may change layers'
/// settings, such as the number of hidden channels, but neither the images' shape nor the number of
/// classes.
public protocol DataFreeTransform: CataloguedMethod, Hashable, Codable {
  /// Throws where its settings are out of bounds; by default it does nothing.
  func check() throws

  /// Returns the changed network.
  ///
  /// - Parameters:
  ///   - network: The network in floating point.
  ///   - quantizer: How the network will be quantized; a transform that repairs what rounding does
  ///     asks it for the rounded weights.
  ///   - context: How work is executed.
  /// - Returns: The network and what was done to it.
  /// - Throws: ``QuantizationError/notTransformable(transform:layer:reason:)`` and what else names a
  ///   network that the transform is not made for.
  func transformed(
    _ network: Network, for quantizer: Quantizer, context: ExecutionContext
  ) throws -> TransformedNetwork
}

extension DataFreeTransform {
  /// Accepts all settings.
  public func check() throws {}

  /// Throws where a setting is out of bounds.
  func demand(_ holds: Bool, _ expected: String, _ found: some CustomStringConvertible) throws {
    guard holds else {
      throw QuantizationError.badTransform(
        transform: Self.kind, expected: expected, found: found.description)
    }
  }

  /// Throws where an activation is not positively homogeneous because it is bounded above.
  func refuseReLU6(_ network: Network) throws {
    for node in network.graph.nodes where (node.layer as? Activation) == .relu6 {
      throw QuantizationError.notTransformable(
        transform: Self.kind, layer: node.name,
        reason: "a scaled channel meets the bound of ReLU6 elsewhere; put the transform "
          + "\"\(ReLU6Replacement.kind)\" before it, which replaces ReLU6 by ReLU")
    }
  }
}

/// A network that a ``DataFreeTransform`` has changed.
public struct TransformedNetwork: Sendable {
  /// The changed network.
  public var network: Network
  /// What was done and what was left out, one sentence each, for people.
  public var notes: [String]

  /// Puts a network and notes together.
  public init(network: Network, notes: [String] = []) {
    self.network = network
    self.notes = notes
  }
}

extension Network {
  /// Applies transforms one after the other.
  ///
  /// ```swift
  /// let equalized = try network.transformed(by: .nagel, for: quantizer).network
  /// ```
  ///
  /// - Throws: What the transforms throw, and ``NetworkError`` for a network whose numbers are not
  ///   finite.
  public func transformed(
    by transforms: [any DataFreeTransform], for quantizer: Quantizer,
    context: ExecutionContext = .default
  ) throws -> TransformedNetwork {
    var result = TransformedNetwork(network: self)
    guard !transforms.isEmpty else { return result }
    try checkFinite()
    for transform in transforms {
      try transform.check()
      let next = try transform.transformed(result.network, for: quantizer, context: context)
      try next.network.checkFinite()
      result.notes += next.notes.map { "\(type(of: transform).kind): \($0)" }
      result.network = next.network
    }
    return result
  }
}

extension [any DataFreeTransform] {
  /// Equalization, absorption and correction of biases, in the paper's order.
  ///
  /// Nagel and others, "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV
  /// 2019.
  /// Networks with ReLU6 need ``ReLU6Replacement`` before them.
  public static var nagel: [any DataFreeTransform] {
    [Equalization(), BiasAbsorption(), BiasCorrection()]
  }
}
