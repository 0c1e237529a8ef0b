public import DFQTensor

/// Some channels of a map H W C or of a vector C, in any order: a part of a split, a shuffle.
///
/// Output channel i is input channel `indices[i]`, so that the output has as many channels as there are indices. An input channel
/// may be taken several times, or not at all.
public struct ChannelSelection: Layer {
  /// The name in network files.
  public static let kind = "channelSelection"

  /// The input channel of each output channel.
  public var indices: [Int]

  /// Creates a selection of channels.
  public init(_ indices: [Int]) { self.indices = indices }

  /// Returns the input's shape with as many channels as there are indices.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let shape = try inputs.one()
    guard shape.rank == 1 || shape.rank == 3 else {
      throw LayerError(expected: "a map H W C or a vector C", found: shape.description)
    }
    guard (1...Window.limit).contains(indices.count) else {
      throw LayerError(expected: "1 to \(Window.limit) channels", found: "\(indices.count)")
    }
    let channels = shape[shape.rank - 1]
    if let wrong = indices.first(where: { !(0..<channels).contains($0) }) {
      throw LayerError(expected: "channels in 0..<\(channels)", found: "\(wrong)")
    }
    return Shape(shape.dimensions.dropLast() + [indices.count])
  }

  /// True: every output element is an input element.
  public var passesCodesThrough: Bool { true }

  /// The distributions of the chosen channels, within the input's bounds.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    var result = inputs[0]
    result.mean = indices.map { inputs[0].mean[$0] }
    result.deviation = indices.map { inputs[0].deviation[$0] }
    return result
  }
}

extension Layer where Self == ChannelSelection {
  /// Some channels, in any order.
  public static func channelSelection(_ indices: [Int]) -> ChannelSelection {
    ChannelSelection(indices)
  }
}
