public import DFQGraph
public import DFQTensor

/// A layer that the engine can compute.
///
/// To add an operation, declare a type that conforms to this protocol: the layer's own description
/// (``Layer``) and the step that computes it.
public protocol ExecutableLayer: Layer {
  /// Makes what computes the layer for the shapes of its inputs and output.
  ///
  /// - Throws: ``LayerError`` where the layer cannot be computed for these shapes.
  func makeStep(inputs: [Shape], output: Shape) throws -> any LayerStep
}

/// Computes a layer for one image at a time, forward and backward.
///
/// Steps are called from several threads at once, for different images; they keep nothing between
/// calls. Values are H W C (or C), one after the other without gaps.
public protocol LayerStep: Sendable {
  /// The values that ``backward(_:)`` reads; others may have been overwritten by then.
  var backwardReads: LayerValues { get }

  /// The floats of scratch memory that a call needs.
  var scratchCount: Int { get }

  /// Whether the gradient at the only input takes the place of the gradient at the output.
  ///
  /// ``backward(_:)`` then changes the first input's gradient in place: it holds the gradient at the
  /// output when the call begins. Input and output have the same number of elements.
  var isInPlace: Bool { get }

  /// Whether a call may compute only some rows of the output, so that several threads can share an
  /// image; ``LayerForward/rows`` says which rows.
  var dividesRows: Bool { get }

  /// Computes the output.
  func forward(_ values: LayerForward)

  /// Adds to the gradients at the inputs and at the parameters, where they are not nil.
  func backward(_ values: LayerBackward)
}

extension LayerStep {
  /// Inputs and output.
  public var backwardReads: LayerValues { [.inputs, .output] }
  /// None.
  public var scratchCount: Int { 0 }
  /// False: the input's gradient has its own memory, to which the step adds.
  public var isInPlace: Bool { false }
  /// False: a call computes the whole output.
  public var dividesRows: Bool { false }
}

/// Values of a layer.
public struct LayerValues: OptionSet, Sendable {
  /// The bits of the set.
  public let rawValue: Int
  /// Makes a set from its bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The values of all inputs.
  public static let inputs = LayerValues(rawValue: 1)
  /// The value of the output.
  public static let output = LayerValues(rawValue: 2)
}

/// What a step reads and writes forward, for one image.
public struct LayerForward {
  /// The inputs' values, in the order of the layer's inputs.
  public let inputs: UnsafeBufferPointer<UnsafePointer<Float>>
  /// The output's value, which is written.
  public let output: UnsafeMutablePointer<Float>
  /// The layer's parameters one after the other, in the order of ``Layer/parameters(of:)``.
  public let parameters: UnsafePointer<Float>
  /// Scratch memory; its contents are undefined.
  public let scratch: UnsafeMutablePointer<Float>
  /// The rows of the output to compute, nil for all; only where ``LayerStep/dividesRows`` is true.
  public let rows: Range<Int>?
  package let kernels: Kernels
}

/// What a step reads and writes backward, for one image.
public struct LayerBackward {
  /// The inputs' values, where ``LayerStep/backwardReads`` has them.
  public let inputs: UnsafeBufferPointer<UnsafePointer<Float>>
  /// The output's value, where ``LayerStep/backwardReads`` has it.
  public let output: UnsafePointer<Float>
  /// dLoss/dOutput.
  public let outputGradient: UnsafePointer<Float>
  /// dLoss/dInput of each input, which is accumulated; nil where it is not requested.
  public let inputGradients: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>
  /// The layer's parameters one after the other, in the order of ``Layer/parameters(of:)``.
  public let parameters: UnsafePointer<Float>
  /// dLoss/dParameters, which is accumulated; nil where it is not requested.
  public let parameterGradient: UnsafeMutablePointer<Float>?
  /// Scratch memory; its contents are undefined.
  public let scratch: UnsafeMutablePointer<Float>
  package let kernels: Kernels
}
