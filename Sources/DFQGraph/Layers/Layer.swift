public import DFQTensor

/// One typed operation of a network's graph.
///
/// A layer is a value that describes an operation: the shape it produces, the parameters it holds,
/// what it costs and what quantization may assume about it. It doesn't execute; an engine does.
/// Feature maps have shape H W C and vectors have shape C, without the batch dimension.
///
/// To add an operation, declare a type that conforms to `Layer` and, for execution, to the engine's
/// protocol for executable layers. A network file stores ``kind`` and the layer's `Codable`
/// settings, so pass the type to the initializer that reads the file:
///
/// ```swift
/// let network = try Network(contentsOf: path, layers: [MyLayer.self])
/// ```
public protocol Layer: Sendable, Hashable, Codable {
  /// The name of this type of layer in network files, such as `convolution`.
  static var kind: String { get }

  /// Returns the shape of the output for the shapes of the inputs.
  ///
  /// Settings of a layer may come from a file. Check them here, before any arithmetic that could
  /// overflow.
  ///
  /// - Throws: ``LayerError`` where the inputs or the layer's own settings don't fit. The graph
  ///   adds the layer's name to the message.
  func outputShape(of inputs: [Shape]) throws -> Shape

  /// Returns the parameters the layer holds for the shapes of its inputs.
  func parameters(of inputs: [Shape]) -> [LayerParameter]

  /// Returns the multiply-accumulate operations for one image.
  func macs(inputs: [Shape], output: Shape) -> Int

  /// A Boolean value that indicates whether every output element is a copy of an input element or
  /// zero, so that quantized codes remain codes of the same grid.
  var passesCodesThrough: Bool { get }

  /// The sign of the values that a quantizer of the output sees, or nil where the output isn't
  /// quantized by default.
  var quantizedOutput: OutputSign? { get }

  /// Returns the sign of the output's values that follows from the signs of the inputs' values.
  ///
  /// A quantizer of the output takes its codes for this sign.
  func outputSign(of inputs: [OutputSign]) -> OutputSign

  /// Returns the distribution of the output that follows from the distributions of the inputs.
  ///
  /// The range rule for batch-norm statistics uses it to place a quantizer without any image.
  ///
  /// - Parameters:
  ///   - inputs: The distributions of the inputs.
  ///   - output: The output's shape.
  ///   - values: Returns the layer's parameter with a role, or nil where there is none.
  /// - Returns: The distribution of each channel of the output.
  func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments
}

extension Layer {
  /// No parameters.
  public func parameters(of inputs: [Shape]) -> [LayerParameter] { [] }

  /// No multiply-accumulate operations.
  public func macs(inputs: [Shape], output: Shape) -> Int { 0 }

  /// False: the output holds new values.
  public var passesCodesThrough: Bool { false }

  /// Nil: the output isn't quantized by default.
  public var quantizedOutput: OutputSign? { nil }

  /// The sign of the quantized output, that of the first input where codes pass through, and signed
  /// otherwise.
  public func outputSign(of inputs: [OutputSign]) -> OutputSign {
    quantizedOutput ?? (passesCodesThrough ? inputs.first ?? .signed : .signed)
  }

  /// The standard normal distribution in every channel.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    .standard(channels: output.dimensions.last ?? 1)
  }

  /// Whether another layer has the same type and settings.
  package func isEqual(to other: any Layer) -> Bool { (other as? Self) == self }
}

extension [OutputSign] {
  /// Never negative where none is ever negative.
  var common: OutputSign { allSatisfy { $0 == .nonNegative } ? .nonNegative : .signed }
}

/// A layer whose inputs or settings don't fit, without the layer's name.
///
/// ``GraphBuilder`` turns it into ``NetworkError/shapeMismatch(layer:expected:found:)``.
public struct LayerError: Error, Hashable, Sendable {
  /// What the layer requires.
  public let expected: String
  /// What it was given.
  public let found: String

  /// Creates an error from what the layer requires and what it was given.
  public init(expected: String, found: String) {
    self.expected = expected
    self.found = found
  }
}

/// The sign of the values of a quantized output.
public enum OutputSign: String, Hashable, Sendable, Codable {
  /// Values are never negative, so that a grid needs no negative codes.
  case nonNegative
  /// Values may have either sign.
  case signed
}
