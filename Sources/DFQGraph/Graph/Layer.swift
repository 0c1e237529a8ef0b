public import DFQTensor

/// One typed operation of a network's graph; it describes and never executes.
///
/// Maps are H W C, vectors C; the batch dimension is left out everywhere.
public enum Layer: Hashable, Sendable {
  /// The images.
  case input
  /// A convolution with weights KH KW I/groups O.
  case convolution(Convolution)
  /// Batch normalization over the channels.
  case batchNorm(BatchNorm)
  /// An elementwise activation.
  case activation(Activation)
  /// The sum of two values of one shape.
  case add
  /// The parameter-free shortcut of CIFAR ResNets: strided identity padded with zero channels.
  case padChannels(stride: Int, before: Int, after: Int)
  /// The largest value of each window.
  case maxPool(Pool)
  /// The mean of each window (padding is not counted).
  case averagePool(Pool)
  /// The mean over all positions: H W C to C.
  case globalAveragePool
  /// A fully connected layer with weights I O.
  case linear(outputs: Int, bias: Bool)
  /// Nearest-neighbour enlargement by a factor.
  case upsample(factor: Int)
  /// H W C to a vector.
  case flatten
  /// A vector to H W C.
  case reshape(Shape)
}

/// A convolution's geometry.
public struct Convolution: Hashable, Sendable {
  /// The number of output channels O.
  public var outputChannels: Int
  /// The kernel's height and width, in pixels.
  public var kernel: Int
  /// The step between outputs, in pixels.
  public var stride: Int
  /// The zeros before the first row and column, in pixels.
  public var paddingBefore: Int
  /// The zeros after the last row and column, in pixels.
  public var paddingAfter: Int
  /// The number of independent channel groups; equal to the channels for a depthwise convolution.
  public var groups: Int
  /// Whether a bias is added.
  public var bias: Bool

  /// Makes a convolution; `paddingAfter` is `padding` unless given.
  public init(
    outputChannels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, paddingAfter: Int? = nil,
    groups: Int = 1, bias: Bool = false
  ) {
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.stride = stride
    paddingBefore = padding
    self.paddingAfter = paddingAfter ?? padding
    self.groups = groups
    self.bias = bias
  }

  /// The output's extent for an input's extent, or nil where the kernel does not fit.
  public func outputExtent(_ input: Int) -> Int? {
    let room = input + paddingBefore + paddingAfter - kernel
    return room < 0 ? nil : room / stride + 1
  }
}

/// Batch normalization's constants.
public struct BatchNorm: Hashable, Sendable {
  /// What is added to the variance.
  public var epsilon: Float
  /// The share of the new batch in the running statistics.
  public var momentum: Float
  /// Whether scale and shift are learned.
  public var affine: Bool

  /// Makes the constants; the defaults are PyTorch's.
  public init(epsilon: Float = 1e-5, momentum: Float = 0.1, affine: Bool = true) {
    self.epsilon = epsilon
    self.momentum = momentum
    self.affine = affine
  }
}

/// An elementwise activation.
public enum Activation: Hashable, Sendable {
  /// max(x, 0).
  case relu
  /// min(max(x, 0), 6).
  case relu6
  /// x above zero, slope * x below.
  case leakyReLU(slope: Float)
  /// The hyperbolic tangent.
  case tanh
}

/// A pooling window.
public struct Pool: Hashable, Sendable {
  /// The window's height and width, in pixels.
  public var kernel: Int
  /// The step between windows, in pixels.
  public var stride: Int
  /// The rows and columns added on every side, in pixels; never counted.
  public var padding: Int

  /// Makes a window.
  public init(kernel: Int, stride: Int, padding: Int = 0) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  /// The output's extent for an input's extent, or nil where the window does not fit.
  public func outputExtent(_ input: Int) -> Int? {
    let room = input + 2 * padding - kernel
    return room < 0 ? nil : room / stride + 1
  }
}
