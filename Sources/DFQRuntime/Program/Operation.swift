package import DFQTensor

/// One step of an integer program.
package struct Operation: Sendable, Equatable {
  /// What is computed.
  package enum Kind: Sendable, Equatable {
    case convolution(Convolution)
    case linear(Linear)
    /// Only what the ending says.
    case identity
    case maxPool(ConvolutionShape)
    /// The mean of each window; padding is not counted.
    case averagePool(ConvolutionShape)
    case globalAveragePool
    /// Keeps every `stride`-th pixel and puts its channels `before` channels after the first.
    case padChannels(stride: Int, before: Int)
    /// The same elements in another shape.
    case reshape
  }

  /// A convolution.
  package struct Convolution: Sendable, Equatable {
    package var shape: ConvolutionShape
    /// Whether every channel is convolved alone; weights are then KH KW C.
    package var isDepthwise: Bool
    package var weights: Weights
    /// O, or empty.
    package var bias: [Float]

    package init(shape: ConvolutionShape, isDepthwise: Bool, weights: Weights, bias: [Float]) {
      self.shape = shape
      self.isDepthwise = isDepthwise
      self.weights = weights
      self.bias = bias
    }

    /// The number of weights.
    package var weightCount: Int {
      shape.kernelHeight * shape.kernelWidth * shape.inputChannels
        * (isDepthwise ? 1 : shape.outputChannels)
    }
  }

  /// A fully connected layer; weights are I O.
  package struct Linear: Sendable, Equatable {
    package var inputs: Int
    package var outputs: Int
    package var weights: Weights
    /// O, or empty.
    package var bias: [Float]

    package init(inputs: Int, outputs: Int, weights: Weights, bias: [Float]) {
      self.inputs = inputs
      self.outputs = outputs
      self.weights = weights
      self.bias = bias
    }
  }

  /// What follows an operation, element by element: y = act(x * scale[c] + shift[c] + residual).
  package struct Ending: Sendable, Equatable {
    /// C each, or empty for no normalization.
    package var scale: [Float]
    package var shift: [Float]
    /// The value that is added.
    package var residual: Int?
    package var negativeSlope: Float
    package var upperBound: Float

    package init(
      scale: [Float] = [], shift: [Float] = [], residual: Int? = nil, negativeSlope: Float = 1,
      upperBound: Float = .infinity
    ) {
      self.scale = scale
      self.shift = shift
      self.residual = residual
      self.negativeSlope = negativeSlope
      self.upperBound = upperBound
    }

    /// Whether it changes nothing.
    package var isIdentity: Bool {
      scale.isEmpty && residual == nil && negativeSlope == 1 && upperBound == .infinity
    }
  }

  package var kind: Kind
  package var input: Int
  /// The ending of convolutions, linear layers and identities; others have none.
  package var ending: Ending

  package init(_ kind: Kind, input: Int, ending: Ending = Ending()) {
    self.kind = kind
    self.input = input
    self.ending = ending
  }

  /// The number of weights, all versions counted.
  var storedWeightCount: Int {
    switch kind {
    case .convolution(let convolution): convolution.weights.storedCount
    case .linear(let linear): linear.weights.storedCount
    default: 0
    }
  }

  /// Whether elements are only moved or selected, so that codes remain codes of the same grid.
  package var movesCodes: Bool {
    switch kind {
    case .maxPool, .padChannels, .reshape: true
    default: false
    }
  }
}
