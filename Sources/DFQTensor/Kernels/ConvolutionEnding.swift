internal import CDFQKernels

/// The operations applied to a convolution's outputs x while they are in registers.
///
/// Pointers are those of the first image.
package struct ConvolutionEnding {
  /// y = act(x * scale[c] + shift[c] + residual), see `Kernels.affineActivation`.
  package struct Activation {
    package var scale: UnsafePointer<Float>
    package var shift: UnsafePointer<Float>
    package var residual: UnsafePointer<Float>?
    package var negativeSlope: Float
    package var upperBound: Float
    package var y: UnsafeMutablePointer<Float>
    /// Receives the activation mask; see `Kernels.affineActivation`.
    package var activationMask: UnsafeMutablePointer<UInt8>?
    /// The distances between consecutive images: floats for the residual and y, bytes for
    /// `activationMask`.
    package var steps: (residual: Int, y: Int, activationMask: Int)

    package init(
      scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
      negativeSlope: Float, upperBound: Float, y: UnsafeMutablePointer<Float>,
      activationMask: UnsafeMutablePointer<UInt8>? = nil,
      steps: (residual: Int, y: Int, activationMask: Int)
    ) {
      self.scale = scale
      self.shift = shift
      self.residual = residual
      self.negativeSlope = negativeSlope
      self.upperBound = upperBound
      self.y = y
      self.activationMask = activationMask
      self.steps = steps
    }
  }

  package var bias: UnsafePointer<Float>?
  /// Whether x is added to the output; the operations that follow are then not available.
  package var accumulate = false
  /// Whether the inputs are unlikely to be in a cache of this core, so that they are prefetched.
  package var hasColdInput = false
  /// Whether the memory of x is unlikely to be in a cache of this core, so that it is prefetched.
  package var isCold = false
  /// Whether x is not read soon, so that it is written with non-temporal stores.
  package var streamsOutput = false
  /// Whether x itself is discarded: the output is then neither written nor read.
  package var dropsOutput = false
  /// The output channels to compute, nil for all.
  ///
  /// Both bounds are multiples of `outputUnit`, or the number of channels.
  package var outputs: Range<Int>?
  package var activation: Activation?
  /// Accumulates the sums of x and, `channels` elements later, the sums of its squares.
  package var sums: UnsafeMutablePointer<Double>?
  package var channels = 0

  /// The granularity of a range of output channels.
  package static let outputUnit = 32

  package init(bias: UnsafePointer<Float>? = nil, accumulate: Bool = false) {
    self.bias = bias
    self.accumulate = accumulate
  }

  /// Calls `body` with the C structure.
  func withKernelEnding(_ body: (UnsafePointer<dfq_conv_ending>) -> Void) {
    var ending = dfq_conv_ending()
    ending.bias = bias
    ending.store = dfq_store(accumulate: accumulate)
    ending.cold_input = hasColdInput ? 1 : 0
    ending.cold = isCold ? 1 : 0
    ending.streams = streamsOutput ? 1 : 0
    ending.drops = dropsOutput ? 1 : 0
    if let outputs {
      ending.first_output = Int32(outputs.lowerBound)
      ending.end_output = Int32(outputs.upperBound)
    }
    if let activation {
      ending.scale = activation.scale
      ending.shift = activation.shift
      ending.residual = activation.residual
      ending.negative_slope = activation.negativeSlope
      ending.upper_bound = activation.upperBound
      ending.y = activation.y
      ending.activation_mask = activation.activationMask
      ending.residual_step = activation.steps.residual
      ending.y_step = activation.steps.y
      ending.activation_mask_step = activation.steps.activationMask
    }
    if let sums {
      ending.sum = sums
      ending.square_sum = sums + channels
    }
    body(&ending)
  }
}
