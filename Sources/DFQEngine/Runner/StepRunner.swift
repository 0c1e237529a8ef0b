import DFQGraph
import DFQTensor

/// Computes the steps of a plan for groups of images, forward and backward.
///
/// It owns no memory and keeps nothing between calls: groups bring their values, gradients and sums,
/// ``PreparedWeights`` the weights. Its calls go down to kernels, to the transform after a complete
/// value, and to the ``LossAccumulator`` before a gradient is used.
final class StepRunner: @unchecked Sendable {
  let plan: Plan
  let context: ExecutionContext
  let weights: PreparedWeights
  let transform: (any ActivationTransform)?
  let convolutions: ConvolutionRunner
  var kernels: Kernels { context.kernels }

  init(weights: PreparedWeights) {
    self.weights = weights
    plan = weights.plan
    context = weights.context
    transform = weights.transform
    convolutions = ConvolutionRunner(context: weights.context)
  }

  /// The bank that an image's layer computes with.
  func bank(_ layer: Int, _ image: Int) -> Int {
    weights.banks == 1 ? 0 : transform!.bank(layer: layer, image: image)
  }

  /// Floats of scratch that a thread needs for whole images.
  var scratchCount: Int {
    let directs = plan.steps.map { step in
      guard case .convolution(let convolution) = step.kind, convolution.style == .dense else {
        return 0
      }
      return directScratchCount(convolution.shape, rows: 0..<convolution.shape.outputHeight)
    }
    return max(
      plan.scratchCount, weights.winograd.scratchCount, weights.integers.plan.scratchCount,
      directs.max() ?? 0)
  }
}
