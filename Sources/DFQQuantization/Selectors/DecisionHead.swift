import DFQRuntime
public import DFQTensor

/// A linear map or a network of one hidden ReLU layer from features to logits, forward and
/// backward: the arithmetic of the built-in selectors.
///
/// Parameters in order: linear: F x M weights, M biases; with a hidden layer: F x H, H, H x M, M.
public struct DecisionHead: Sendable, Equatable {
  /// The number of features F.
  public let features: Int
  /// The width H of the hidden layer, 0 for a linear map.
  public let hidden: Int
  /// The number of candidates M.
  public let candidates: Int

  /// Makes a head of these sizes.
  public init(features: Int, hidden: Int, candidates: Int) {
    self.features = features
    self.hidden = hidden
    self.candidates = candidates
  }

  static func check(features: [ChannelStatistic], positions: Int, hidden: Int) throws {
    func demand(_ holds: Bool, _ expected: String, _ found: Int) throws {
      if !holds { throw QuantizationError.badSelector(expected: expected, found: "\(found)") }
    }
    let kinds = ChannelStatistic.allCases.count
    try demand((1...kinds).contains(features.count), "1...\(kinds) features", features.count)
    try demand(Set(features).count == features.count, "each feature once", features.count)
    try demand((1...64).contains(positions), "positions in 1...64", positions)
    try demand((0...4096).contains(hidden), "a hidden width in 0...4096", hidden)
  }

  /// The number of parameters.
  public var parameterCount: Int {
    hidden == 0
      ? (features + 1) * candidates : (features + 1) * hidden + (hidden + 1) * candidates
  }

  /// Multiply-accumulate operations in float32 for the logits.
  public var macs: Int {
    hidden == 0 ? features * candidates : (features + candidates) * hidden
  }

  /// Zero weights and a bias of 1 for the highest candidate, so that training starts from the
  /// highest precision; a hidden layer starts from small random weights.
  public func initialParameters(_ stream: inout RandomStream) -> [Float] {
    var parameters = [Float](repeating: 0, count: parameterCount)
    if hidden > 0 {
      let deviation = (2 / Float(features)).squareRoot()
      for index in 0..<features * hidden { parameters[index] = deviation * stream.normal() }
    }
    parameters[parameterCount - 1] = 1
    return parameters
  }

  /// Writes the logits; the workspace keeps the hidden layer's values.
  public func forward(_ input: DecisionInput, logits: UnsafeMutableBufferPointer<Float>) {
    HeadArithmetic(features: features, hidden: hidden, candidates: candidates).forward(
      parameters: input.parameters.baseAddress!, features: input.features.baseAddress!,
      work: input.workspace.baseAddress, logits: logits.baseAddress!)
  }

  /// Adds the parameters' gradients to `gradient`, laid out like the parameters, given dLoss/dLogits.
  public func backward(
    _ input: DecisionInput, logitGradient: UnsafeBufferPointer<Float>,
    gradient: UnsafeMutableBufferPointer<Float>
  ) {
    let g = gradient.baseAddress!
    let given = logitGradient.baseAddress!
    let source = input.features.baseAddress!
    guard hidden > 0 else {
      DecisionHead.affineGradient(g, from: source, features, given, candidates)
      return
    }
    let first = (features + 1) * hidden
    let work = UnsafePointer(input.workspace.baseAddress!)
    DecisionHead.affineGradient(g + first, from: work, hidden, given, candidates)
    let p = input.parameters.baseAddress! + first
    withUnsafeTemporaryAllocation(of: Float.self, capacity: hidden) { hiddenGradient in
      for unit in 0..<hidden {
        var sum: Float = 0
        for m in 0..<candidates { sum += p[unit * candidates + m] * given[m] }
        hiddenGradient[unit] = work[unit] > 0 ? sum : 0
      }
      DecisionHead.affineGradient(g, from: source, features, hiddenGradient.baseAddress!, hidden)
    }
  }

  private static func affineGradient(
    _ g: UnsafeMutablePointer<Float>, from input: UnsafePointer<Float>, _ rows: Int,
    _ outputGradient: UnsafePointer<Float>, _ columns: Int
  ) {
    for row in 0..<rows {
      for column in 0..<columns { g[row * columns + column] += input[row] * outputGradient[column] }
    }
    for column in 0..<columns { g[rows * columns + column] += outputGradient[column] }
  }
}
