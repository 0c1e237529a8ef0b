package import DFQTensor

/// A layer's weights and the grids they are rounded to, at one bit width.
public struct RoundedLayer {
  /// The weights before rounding, in the order KH KW I O or I O.
  public let weights: UnsafeBufferPointer<Float>
  /// The number of output channels.
  public let channels: Int
  /// The number of taps of a kernel, KH times KW; 1 for a linear layer.
  ///
  /// The weights of one input channel for one output channel are `taps` numbers.
  public let taps: Int
  /// One grid per output channel, or one for all.
  public let grids: [Grid]
  /// Whether the grids' steps are learned.
  public let learnsStep: Bool
  /// How gradients pass where no step is learned.
  public let backward: Quantizer.Backward
  /// How many bits the grids have less than the layer's most, where its widths are nested; else 0.
  public let shift: Int
  package let kernels: Kernels

  package init(
    weights: UnsafeBufferPointer<Float>, channels: Int, taps: Int, grids: [Grid],
    learnsStep: Bool, backward: Quantizer.Backward, shift: Int, kernels: Kernels
  ) {
    self.weights = weights
    self.channels = channels
    self.taps = taps
    self.grids = grids
    self.learnsStep = learnsStep
    self.backward = backward
    self.shift = shift
    self.kernels = kernels
  }

  /// The grid of a weight.
  public func grid(of weight: Int) -> Grid { grids[grids.count == 1 ? 0 : weight % channels] }
}
