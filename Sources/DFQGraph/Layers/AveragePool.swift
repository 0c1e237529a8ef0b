public import DFQTensor

/// The mean of each window.
public struct AveragePool: Layer {
  /// The name in network files.
  public static let kind = "averagePool"

  /// The window.
  public var window: PoolingWindow
  /// A Boolean value that indicates whether positions in the padding count as zeros, so that every sum
  /// is divided by the window's size; by default they are not counted.
  public var countsPadding: Bool

  /// Creates a pooling by mean.
  public init(_ window: PoolingWindow, countsPadding: Bool = false) {
    self.window = window
    self.countsPadding = countsPadding
  }

  /// Returns one position for each window.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    try window.outputShape(of: inputs)
  }

  /// Never negative where the input never is.
  public func outputSign(of inputs: [OutputSign]) -> OutputSign { inputs.common }

  /// The input's distribution, with bounds that include zero where padding is counted.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    var result = inputs[0]
    if countsPadding, window.padding != Padding(0) {
      result.lowerBound = min(result.lowerBound, 0)
      result.upperBound = max(result.upperBound, 0)
    }
    return result
  }
}

extension AveragePool {
  private enum CodingKeys: String, CodingKey { case window, countsPadding }

  /// Reads a pooling; files of earlier versions have no `countsPadding`, which is then false.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(PoolingWindow.self, forKey: .window),
      countsPadding: try container.decodeIfPresent(Bool.self, forKey: .countsPadding) ?? false)
  }

  /// Writes a pooling; `countsPadding` only where it is true, so that earlier versions read the others.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(window, forKey: .window)
    if countsPadding { try container.encode(true, forKey: .countsPadding) }
  }
}

extension Layer where Self == AveragePool {
  /// The mean of each window.
  public static func averagePool(
    _ window: PoolingWindow, countsPadding: Bool = false
  ) -> AveragePool {
    AveragePool(window, countsPadding: countsPadding)
  }
}
