public import DFQTensor

/// Maps H W C of equal height and width, or vectors C, joined along the channels.
public struct Concatenation: Layer {
  /// The name in network files.
  public static let kind = "concatenation"
  /// The largest number of inputs.
  static let inputLimit = 4096

  /// Creates a concatenation.
  public init() {}

  /// Returns a shape with the channels of all inputs.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard (1...Concatenation.inputLimit).contains(inputs.count) else {
      throw LayerError(
        expected: "1 to \(Concatenation.inputLimit) inputs", found: "\(inputs.count)")
    }
    let first = inputs[0]
    guard first.rank == 1 || first.rank == 3 else {
      throw LayerError(expected: "maps H W C or vectors C", found: "\(first)")
    }
    let positions = first.dimensions.dropLast()
    // A graph holds no value of more than 2^31 elements, so that the sum fits.
    var channels = 0
    for shape in inputs {
      guard shape.rank == first.rank, shape.dimensions.dropLast() == positions else {
        throw LayerError(
          expected: "inputs of equal height and width", found: "\(first) and \(shape)")
      }
      channels += shape[shape.rank - 1]
    }
    return Shape(positions + [channels])
  }

  // Codes do not pass through: each input may have a grid of its own.

  /// Never negative where no input is.
  public func outputSign(of inputs: [OutputSign]) -> OutputSign { inputs.common }

  /// The distributions of all inputs, channel after channel, within the widest bounds.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    ChannelMoments(
      mean: inputs.flatMap(\.mean), deviation: inputs.flatMap(\.deviation),
      lowerBound: inputs.map(\.lowerBound).reduce(.infinity, min),
      upperBound: inputs.map(\.upperBound).reduce(-.infinity, max))
  }
}

extension Layer where Self == Concatenation {
  /// Values joined along the channels.
  public static var concatenation: Concatenation { Concatenation() }
}
