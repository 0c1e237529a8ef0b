public import DFQTensor

/// A transform of the images of a step, such as crops: the objectives see the transformed images,
/// and gradients go back through the transform.
public protocol ImageTransform: Sendable {
  /// The transformed images N H W C.
  func apply(_ images: Tensor) throws -> Tensor

  /// The gradient at the images given the gradient at the transformed images, both N H W C.
  func pullback(_ gradient: Tensor, images: Tensor) throws -> Tensor
}

extension Augmentation: ImageTransform {
  /// The gradient at the images: a linear map's pullback is its transpose.
  public func pullback(_ gradient: Tensor, images: Tensor) -> Tensor { transpose(gradient) }
}
