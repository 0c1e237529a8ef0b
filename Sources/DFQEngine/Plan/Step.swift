package import DFQGraph
package import DFQTensor

/// One operation of a plan: reads the values of `inputs`, writes the value of `output` (positions
/// in the graph).
package struct Step: Sendable {
  package enum Kind: Sendable {
    case convolution(ConvolutionStep)
    case normalization(NormalizationStep)
    case linear(LinearStep)
    case add
    /// Any other layer, by its position in the plan's `layers`; the step stays free of references.
    case layer(Int)
  }

  package let kind: Kind
  package let output: Int
  package let inputs: Inputs

  /// The first two nodes a step reads, which is all that special steps have; unlike an array's, reading them costs no reference count, which threads
  /// would contend for.
  package struct Inputs: RandomAccessCollection, Sendable {
    private let first: Int
    private let second: Int

    init(_ nodes: [Int]) {
      precondition(!nodes.isEmpty, "a step reads a value at least")
      first = nodes[0]
      second = nodes.count > 1 ? nodes[1] : -1
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { second < 0 ? 1 : 2 }
    package subscript(place: Int) -> Int { place == 0 ? first : second }
  }
}

/// A convolution with its place in the parameter vector.
package struct ConvolutionStep: Sendable {
  package enum Style: Sendable, Equatable {
    case dense
    case depthwise
    case grouped(ConvolutionGroups)
  }

  /// The geometry; of one group where the style is grouped.
  package let shape: ConvolutionShape
  package let style: Style
  package let weight: Range<Int>
  package let bias: Range<Int>?
  /// Where the transposed weights for data gradients lie in the executor's memory for them.
  package let transposed: Int
}

/// The groups of a convolution that no kernel runs directly: several, or with gaps between taps.
package struct ConvolutionGroups: Sendable, Equatable {
  package let count: Int
  /// The distance between the kernel's taps; the step's shape has the kernel with the gaps.
  package let dilation: Size2D

  package init(_ count: Int, dilation: Size2D = Size2D(1)) {
    self.count = count
    self.dilation = dilation
  }
}

/// y = act(x * scale[c] + shift[c] + residual): batch norm, residual sum and activation, any of
/// them absent.
package struct NormalizationStep: Sendable {
  package let norm: BatchNorm?
  /// The batch norm's (or else the first) node.
  package let node: Int
  /// The batch norm's position among the plan's normalizations (its place in statistics), nil
  /// without batch norm.
  package let index: Int?
  package let scaleEntry: Range<Int>?
  package let shiftEntry: Range<Int>?
  package let meanEntry: Range<Int>?
  package let varianceEntry: Range<Int>?
  package let channels: Int
  package let pixels: Int
  /// Where the scales lie in the executor's norm memory; the shifts follow at `shift`.
  package let prepared: Int
  package let negativeSlope: Float
  package let upperBound: Float
  /// Whether `inputs[1]` is a residual.
  package let hasResidual: Bool

  package var shift: Int { prepared + aligned(channels) }
  /// Whether there is an activation.
  var hasActivation: Bool { negativeSlope != 1 || upperBound < .infinity }
  /// Whether a bit for each element tells the activation's slope.
  var usesActivationMask: Bool {
    negativeSlope != 1 && upperBound == .infinity && channels.isMultiple(of: Kernels.bitChannels)
  }
}

extension NormalizationStep {
  /// scale = gamma / sqrt(variance + eps) and shift = beta - mean * scale of one channel.
  static func constants(
    gamma: Double, beta: Double, mean: Double, variance: Double, epsilon: Float
  ) -> (scale: Float, shift: Float) {
    let factor = gamma / (variance + Double(epsilon)).squareRoot()
    return (Float(factor), Float(beta - mean * factor))
  }

  /// The scales and shifts in evaluation mode, C each; empty without a batch norm.
  package func constants(_ parameters: [Float]) -> (scale: [Float], shift: [Float]) {
    guard let norm, let meanEntry, let varianceEntry else { return ([], []) }
    func value(_ entry: Range<Int>, _ channel: Int) -> Double {
      Double(parameters[entry.lowerBound + channel])
    }
    let pairs = (0..<channels).map { channel in
      NormalizationStep.constants(
        gamma: scaleEntry.map { value($0, channel) } ?? 1,
        beta: shiftEntry.map { value($0, channel) } ?? 0, mean: value(meanEntry, channel),
        variance: value(varianceEntry, channel), epsilon: norm.epsilon)
    }
    return (pairs.map(\.scale), pairs.map(\.shift))
  }
}

/// A fully connected layer with its place in the parameter vector.
package struct LinearStep: Sendable {
  package let inputs: Int
  package let outputs: Int
  package let weight: Range<Int>
  package let bias: Range<Int>?
}
