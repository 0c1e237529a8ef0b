public import DFQTensor

/// Batch normalization over the channels (Ioffe and Szegedy, 2015).
public struct BatchNorm: Layer {
  /// The name in network files.
  public static let kind = "batchNorm"

  /// What is added to the variance.
  public var epsilon: Float
  /// The share of the new batch in the running statistics.
  public var momentum: Float
  /// A Boolean value that indicates whether scale and shift are learned.
  public var affine: Bool

  /// Creates a batch normalization; the defaults are PyTorch's.
  public init(epsilon: Float = 1e-5, momentum: Float = 0.1, affine: Bool = true) {
    self.epsilon = epsilon
    self.momentum = momentum
    self.affine = affine
  }

  /// Returns the input's shape.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let shape = try inputs.one()
    guard shape.rank >= 1 else { throw LayerError(expected: "channels", found: "\(shape)") }
    guard epsilon >= 0, epsilon.isFinite, (0...1).contains(momentum) else {
      throw LayerError(
        expected: "an epsilon of at least 0 and a momentum in 0...1",
        found: "\(epsilon) and \(momentum)")
    }
    return shape
  }

  /// The learned scale and shift and the running statistics, one value per channel.
  public func parameters(of inputs: [Shape]) -> [LayerParameter] {
    let channels = Shape([inputs[0].dimensions.last!])
    let learned = [
      LayerParameter("weight", .normScale, channels), LayerParameter("bias", .normShift, channels),
    ]
    return (affine ? learned : []) + [
      LayerParameter("running_mean", .runningMean, channels),
      LayerParameter("running_var", .runningVariance, channels),
    ]
  }

  /// A normal distribution with the shift as mean and the scale's magnitude as deviation.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    let channels = output.dimensions.last!
    let (scale, shift) = (values(.normScale), values(.normShift))
    return ChannelMoments(
      mean: (0..<channels).map { Double(shift?[$0] ?? 0) },
      deviation: (0..<channels).map { Double(abs(scale?[$0] ?? 1)) })
  }
}

extension Layer where Self == BatchNorm {
  /// Batch normalization over the channels.
  public static func batchNorm(_ norm: BatchNorm) -> BatchNorm { norm }
}
