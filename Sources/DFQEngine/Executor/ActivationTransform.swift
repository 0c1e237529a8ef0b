import DFQGraph

/// What a quantized network puts on activations: the executor calls it once per image right after a
/// value is complete and, in the backward pass, right before the value's producer.
///
/// This is all the executor knows of quantization; selectors, grids and their gradients live behind
/// it.
package protocol ActivationTransform: AnyObject, Sendable {
  /// The graph's nodes whose outputs are transformed, in the graph's order.
  var nodes: [Int] { get }

  /// Writes the transformed value of `raw`, both of the node's shape, and the same as codes of
  /// `codeGrid`; either where it is given.
  ///
  /// `image` counts within the batch; `shard` is the fixed share of the batch the image belongs to.
  func forward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>?, codes: UnsafeMutablePointer<UInt8>?)

  /// Turns the gradient at the transformed value into the gradient at `raw`, in place, and adds the
  /// gradients of its own parameters to the shard's sums.
  func backward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>)

  /// Which of the executor's parameter banks an image's convolution or linear layer computes with.
  func bank(layer: Int, image: Int) -> Int

  /// Whether a point's values are always at most 256 levels of a grid that has the value 0.
  func hasCodes(point: Int) -> Bool

  /// The grid of an image's codes at a point, known once they are written.
  func codeGrid(point: Int, image: Int) -> CodeGrid

  /// Levels per unit of a layer's weights in a bank, of each output channel or of all; nil where
  /// they are on no grid.
  func weightLevels(layer: Int, bank: Int) -> [Float]?

  /// Called when a pass ends: obtains what other processes computed of the batch.
  func gather(_ reduction: Reduction)
}

/// A transform without banks and grids.
extension ActivationTransform {
  package func bank(layer: Int, image: Int) -> Int { 0 }
  package func hasCodes(point: Int) -> Bool { false }
  package func codeGrid(point: Int, image: Int) -> CodeGrid {
    preconditionFailure("a transform without codes")
  }
  package func weightLevels(layer: Int, bank: Int) -> [Float]? { nil }
  package func gather(_ reduction: Reduction) {}
}
