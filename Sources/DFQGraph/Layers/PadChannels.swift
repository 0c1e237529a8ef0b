public import DFQTensor

/// A strided identity padded with zero channels: the parameter-free shortcut of CIFAR ResNets (He
/// et al., 2016, section 4.2, option A).
public struct PadChannels: Layer {
  /// The name in network files.
  public static let kind = "padChannels"

  /// The step between the pixels that are kept.
  public var stride: Int
  /// The zero channels before the first channel.
  public var before: Int
  /// The zero channels after the last channel.
  public var after: Int

  /// Creates a strided identity with zero channels before and after.
  public init(stride: Int, before: Int, after: Int) {
    self.stride = stride
    self.before = before
    self.after = after
  }

  /// Returns a map with every `stride`-th pixel and the additional channels.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let map = try inputs.map()
    guard (1...Window.limit).contains(stride), (0...Window.limit).contains(before),
      (0...Window.limit).contains(after)
    else {
      throw LayerError(
        expected: "a stride above 0 and no negative padding, up to \(Window.limit)",
        found: "\(stride), \(before), \(after)")
    }
    return [(map[0] - 1) / stride + 1, (map[1] - 1) / stride + 1, before + map[2] + after]
  }

  /// True: elements are copied or zero.
  public var passesCodesThrough: Bool { true }

  /// The input's distribution with constant zero channels around it.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    func padded(_ channels: [Double]) -> [Double] {
      [Double](repeating: 0, count: before) + channels + [Double](repeating: 0, count: after)
    }
    var result = inputs[0]
    result.mean = padded(result.mean)
    result.deviation = padded(result.deviation)
    return result
  }
}

extension Layer where Self == PadChannels {
  /// A strided identity padded with zero channels.
  public static func padChannels(stride: Int, before: Int, after: Int) -> PadChannels {
    PadChannels(stride: stride, before: before, after: after)
  }
}
