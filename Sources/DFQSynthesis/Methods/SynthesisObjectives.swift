public import DFQEngine
public import DFQTensor

/// The losses of one step.
public struct SynthesisObjectives: Sendable {
  /// Losses on each image's value at a layer of the network.
  public var images: [any ImageObjective]
  /// Losses on the moments of a layer's channels.
  public var moments: [any MomentObjective]
  /// Losses on the pixels of the whole batch.
  public var pixels: [any PixelObjective]

  /// Makes the losses of a step.
  public init(
    images: [any ImageObjective] = [], moments: [any MomentObjective] = [],
    pixels: [any PixelObjective] = []
  ) {
    self.images = images
    self.moments = moments
    self.pixels = pixels
  }
}

/// A loss on the pixels of a batch that no layer's value gives: total variation, the correlation of
/// images, or the objectives of another network.
public protocol PixelObjective: Sendable {
  /// What the loss is called in logs.
  var name: String { get }
  /// The factor of the loss in the total.
  var weight: Float { get }

  /// The loss of normalized images N H W C (not times `weight`) and its gradient at the images.
  func evaluate(
    images: Tensor, context: ExecutionContext
  ) throws -> (loss: Double, gradient: Tensor)
}
