import DFQTensor

/// One operation of a level with everything that its execution needs.
struct Step: Sendable, BitwiseCopyable {
  enum Kind: Sendable, BitwiseCopyable {
    /// A convolution of codes, by its position among the level's.
    case codeConvolution(Int)
    /// A linear layer of codes.
    case codeLinear(PreparedLinear)
    /// A convolution in floating point.
    case convolution(FloatConvolution)
    /// A linear layer in floating point.
    case linear(FloatLinear)
    case identity
    case maxPool(ConvolutionShape)
    case averagePool(ConvolutionShape)
    case globalAveragePool(pixels: Int)
    case padChannels(stride: Int, before: Int)
    case copy
    case padMap(top: Int, left: Int)
    case upsample(factor: Int)
    case selectChannels(ConstantList<Int>)
    /// An operation in floating point with the values that it reads; it is found at its place in the program.
    case numbers(ConstantList<Int>)
  }

  let kind: Kind
  let input: Int
  let output: Int
  let ending: PreparedEnding
  /// The decision that is taken from the output before it is rounded.
  let decision: Int?
  /// The decision that is taken from the output's codes.
  let decisionAfter: Int?
  /// Whether ``decisionAfter`` is taken only when the next step is computed, because nothing reads its bits before.
  var isDeferred = false
  /// The deferred decision of the step before.
  var decisionBeside: Int?
  /// The pixels that ``decision`` is taken from before the others are computed, by their position among the
  /// level's; nil where it waits for all of them.
  var samples: Int?
  /// The ending in integers for each pass, nil in floating point and where elements are only moved.
  var fixed: ConstantList<FixedEnding>?
}

/// A convolution in floating point.
struct FloatConvolution: Sendable, BitwiseCopyable {
  /// The sizes; of one group where there are several.
  let shape: ConvolutionShape
  let isDepthwise: Bool
  /// The groups, which are gathered, computed and scattered one by one where there are several.
  let groups: Int
  /// One version, or one for each candidate of the input; weights of groups one after the other.
  let banks: ConstantList<UnsafePointer<Float>>
  nonisolated(unsafe) let bias: UnsafePointer<Float>?

  /// The outputs of all groups.
  var outputCount: Int { groups * shape.outputCount }
}

/// A linear layer in floating point, weights I O.
struct FloatLinear: Sendable, BitwiseCopyable {
  let inputs: Int
  let outputs: Int
  /// One version, or one for each candidate of the input.
  let banks: ConstantList<UnsafePointer<Float>>
  nonisolated(unsafe) let bias: UnsafePointer<Float>?
}

/// A linear layer of codes.
struct PreparedLinear: Sendable, BitwiseCopyable {
  let inputs: Int
  let outputs: Int
  /// The bits that a packed weight takes: 2, 4 or 8.
  let bits: Int
  nonisolated(unsafe) let packed: UnsafePointer<UInt8>
  /// By the candidate of the input.
  let constants: ConstantList<PreparedConvolution.Constants>
}
