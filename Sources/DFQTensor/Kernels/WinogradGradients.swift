internal import CDFQKernels

/// The operands of the backward pass of a convolution by Winograd's algorithm.
///
/// Pointers refer to the first image; consecutive images are `step` floats apart.
package struct WinogradGradients {
  /// The gradient of the weights 3 3 I O, which is accumulated, and the convolution's inputs.
  package struct Weights {
    package var gradient: UnsafeMutablePointer<Float>
    package var input: UnsafePointer<Float>
    package var step: Int
    package var beginning: ConvolutionBeginning?

    package init(
      gradient: UnsafeMutablePointer<Float>, input: UnsafePointer<Float>, step: Int,
      beginning: ConvolutionBeginning? = nil
    ) {
      self.gradient = gradient
      self.input = input
      self.step = step
      self.beginning = beginning
    }
  }

  /// The gradient of the inputs, and the transformed weights 3 3 O I.
  package struct Inputs {
    package var gradient: UnsafeMutablePointer<Float>
    package var step: Int
    package var accumulate: Bool
    /// Whether the gradient's memory is unlikely to be in a cache of this core.
    package var isCold = false
    package var transformedWeight: UnsafePointer<Float>

    package init(
      gradient: UnsafeMutablePointer<Float>, step: Int, accumulate: Bool, isCold: Bool = false,
      transformedWeight: UnsafePointer<Float>
    ) {
      self.gradient = gradient
      self.step = step
      self.accumulate = accumulate
      self.isCold = isCold
      self.transformedWeight = transformedWeight
    }
  }

  package var outputGradient: UnsafePointer<Float>
  package var step: Int
  package var weights: Weights?
  package var inputs: Inputs?

  package init(
    outputGradient: UnsafePointer<Float>, step: Int, weights: Weights? = nil, inputs: Inputs? = nil
  ) {
    self.outputGradient = outputGradient
    self.step = step
    self.weights = weights
    self.inputs = inputs
  }

  /// Calls `body` with the C structure.
  func withKernelGradients(
    tile: Int, images: Int, _ body: (UnsafePointer<dfq_winograd_gradients>) -> Void
  ) {
    var gradients = dfq_winograd_gradients()
    gradients.tile = Int32(tile)
    gradients.images = Int32(images)
    gradients.gradient = outputGradient
    gradients.gradient_step = step
    if let weights {
      gradients.weight_gradient = weights.gradient
      gradients.input = weights.input
      gradients.input_step = weights.step
    }
    if let inputs {
      gradients.input_gradient = inputs.gradient
      gradients.input_gradient_step = inputs.step
      gradients.store = dfq_store(accumulate: inputs.accumulate)
      gradients.cold = inputs.isCold ? 1 : 0
      gradients.transformed = inputs.transformedWeight
    }
    ConvolutionBeginning.withKernelBeginning(weights?.beginning) { beginning in
      gradients.beginning = beginning
      body(&gradients)
    }
  }
}
