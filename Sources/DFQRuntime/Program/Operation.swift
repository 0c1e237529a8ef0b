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
    /// Rows and columns of zeros around a map; those below and on the right follow from the output's shape.
    case padMap(top: Int, left: Int)
    /// Repeats every row and column.
    case upsample(factor: Int)
    /// Output channel i is an input channel, for each i.
    case selectChannels([Int])
    /// What is computed in floating point and has no kernel for codes.
    case numbers(AnyNumberOperation)
  }

  /// A convolution; weights are KH KW I/G O.
  package struct Convolution: Sendable, Equatable {
    /// The sizes; the kernel's with the gaps between its taps.
    package var shape: ConvolutionShape
    /// Whether every channel is convolved alone; weights are then KH KW C.
    package var isDepthwise: Bool
    /// What has no kernel for codes: several groups, or gaps between taps.
    package var parts: Parts?
    package var weights: Weights
    /// O, or empty.
    package var bias: [Float]

    /// The groups of a convolution, and the distances between its taps.
    package struct Parts: Sendable, Equatable, BitwiseCopyable {
      package var groups: Int
      package var dilationHeight: Int
      package var dilationWidth: Int

      package init(groups: Int, dilationHeight: Int = 1, dilationWidth: Int = 1) {
        self.groups = groups
        self.dilationHeight = dilationHeight
        self.dilationWidth = dilationWidth
      }
    }

    package init(
      shape: ConvolutionShape, isDepthwise: Bool, parts: Parts? = nil, weights: Weights,
      bias: [Float]
    ) {
      self.shape = shape
      self.isDepthwise = isDepthwise
      self.parts = parts
      self.weights = weights
      self.bias = bias
    }

    /// The rows and columns of the kernel's taps.
    package var taps: (height: Int, width: Int) {
      (
        (shape.kernelHeight - 1) / (parts?.dilationHeight ?? 1) + 1,
        (shape.kernelWidth - 1) / (parts?.dilationWidth ?? 1) + 1
      )
    }

    /// The inputs of one output's tap.
    package var tapInputs: Int { isDepthwise ? 1 : shape.inputChannels / (parts?.groups ?? 1) }

    /// The number of weights.
    package var weightCount: Int {
      taps.height * taps.width * tapInputs * shape.outputChannels
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

  /// The values that it reads.
  var inputs: [Int] {
    var result = [input]
    if let residual = ending.residual { result.append(residual) }
    if case .numbers(let any) = kind { result += any.operation.others }
    return result
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
    case .maxPool, .padChannels, .reshape, .padMap, .upsample, .selectChannels: true
    default: false
    }
  }
}
