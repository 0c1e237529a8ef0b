import DFQGraph
public import DFQTensor

/// A loss on the value of one layer for one image, such as cross entropy and distillation at the
/// logits or feature alignment at a hidden layer.
///
/// A conforming type is a value that holds what it needs for every image of the batch (targets,
/// weights).
public protocol ImageObjective: Sendable {
  /// The loss's name in logs.
  var name: String { get }
  /// The position of the node whose output the loss reads, before any quantizer.
  var node: Int { get }
  /// The factor of the loss in the total.
  var weight: Float { get }

  /// Checks that what the objective holds fits a batch of `batch` images at a node of shape `shape`.
  ///
  /// It is called once before every pass; by default it accepts everything.
  func check(batch: Int, shape: Shape) throws

  /// The loss of one image (not times `weight`); adds `scale` times its derivative to `gradient`.
  ///
  /// `value` and `gradient` have the node's shape (C for logits); `image` counts within the batch.
  func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double
}

extension ImageObjective {
  /// Accepts everything.
  public func check(batch: Int, shape: Shape) throws {}

  /// Checks targets of one row per image.
  func check(_ targets: Tensor, rowShape: Shape, batch: Int) throws {
    let expected = Shape([batch] + rowShape.dimensions)
    guard targets.shape == expected else {
      throw NetworkError.targetShape(objective: name, expected: expected, found: targets.shape)
    }
  }
}

extension MomentObjective {
  /// Accepts everything.
  public func check(channels: Int) throws {}

  /// Checks that there are as many targets as channels.
  package func check(_ counts: [Int], channels: Int) throws {
    for count in counts where count != channels {
      throw NetworkError.targetShape(objective: name, expected: [channels], found: [count])
    }
  }

  /// The same loss for every image.
  public func evaluate(
    image: Int, mean: [Double], variance: [Double], count: Int
  ) -> MomentLoss { evaluate(mean: mean, variance: variance, count: count) }
}

/// A loss on the per-channel mean and biased variance of a layer's output: the BN statistics
/// losses.
///
/// Its gradient is affine in the value, so the executor needs no memory for it.
public protocol MomentObjective: Sendable {
  /// The loss's name in logs.
  var name: String { get }
  /// The position of the node whose output the loss reads, before any quantizer.
  var node: Int { get }
  /// The factor of the loss in the total.
  var weight: Float { get }
  /// Whether moments are taken over the whole batch or for each image separately, in both cases over
  /// all positions.
  var isPerImage: Bool { get }

  /// Checks that what the objective holds fits a node of `channels` channels.
  ///
  /// It is called once before every pass; by default it accepts everything.
  func check(channels: Int) throws

  /// The loss and its derivatives with respect to the moments of C channels, each over `count`
  /// values.
  func evaluate(mean: [Double], variance: [Double], count: Int) -> MomentLoss

  /// The same for one image, which counts within the batch; it is asked for where moments are taken
  /// image by image.
  ///
  /// The default is the same loss for every image.
  func evaluate(image: Int, mean: [Double], variance: [Double], count: Int) -> MomentLoss
}

/// A loss on moments with its derivatives, C each.
public struct MomentLoss: Sendable {
  /// The loss.
  public var value: Double
  /// dLoss/dMean.
  public var meanGradient: [Double]
  /// dLoss/dVariance (of the biased variance).
  public var varianceGradient: [Double]

  /// Makes a loss from its value and derivatives.
  public init(value: Double, meanGradient: [Double], varianceGradient: [Double]) {
    self.value = value
    self.meanGradient = meanGradient
    self.varianceGradient = varianceGradient
  }

  /// The gradient with respect to a value x of channel c is offset[c] + slope[c] * x, for moments
  /// over `count` values.
  func affine(mean: [Double], count: Int, scale: Double) -> (offset: [Float], slope: [Float]) {
    let share = scale / Double(count)
    let slope = varianceGradient.map { 2 * $0 * share }
    let offset = mean.indices.map { meanGradient[$0] * share - slope[$0] * mean[$0] }
    return (offset.map(Float.init), slope.map(Float.init))
  }
}
