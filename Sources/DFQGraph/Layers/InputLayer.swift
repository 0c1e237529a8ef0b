public import DFQTensor

/// The images (or vectors) a network takes; the first node of every graph and of no other place.
public struct InputLayer: Layer {
  /// The name in network files.
  public static let kind = "input"

  /// The shape of one image, H W C, or of a vector.
  public var shape: Shape

  /// Creates an input.
  public init(shape: Shape) { self.shape = shape }

  /// Returns the shape; an input takes no other node's output.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard inputs.isEmpty else { throw LayerError(expected: "no inputs", found: "\(inputs.count)") }
    return shape
  }
}
