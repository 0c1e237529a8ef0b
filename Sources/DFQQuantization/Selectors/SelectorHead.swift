import DFQTensor

/// One selector's arithmetic: standardized features to logits, forward and backward, with its
/// parameters at a place in the flat vector of all selectors.
///
/// Parameters in order: linear: F x M weights, M biases; with a hidden layer: F x H, H, H x M, M.
struct SelectorHead: Sendable, Equatable {
  let features: Int
  let hidden: Int
  let candidates: Int
  let range: Range<Int>
  /// Where the features' means and inverse deviations (F each) lie in the vector of constants.
  let standardization: Range<Int>

  static func parameterCount(features: Int, hidden: Int, candidates: Int) -> Int {
    hidden == 0
      ? (features + 1) * candidates : (features + 1) * hidden + (hidden + 1) * candidates
  }

  /// Zero weights and a bias of 1 for the highest candidate, so that training starts from the
  /// highest precision; a hidden layer starts from small random weights.
  func initialize(_ parameters: inout [Float], seed: UInt64, point: Int) {
    for index in range { parameters[index] = 0 }
    if hidden > 0 {
      var stream = RandomStream(seed: seed, "selector", point)
      let deviation = (2 / Float(features)).squareRoot()
      for index in range.prefix(features * hidden) {
        parameters[index] = deviation * stream.normal()
      }
    }
    parameters[range.upperBound - 1] = 1
  }

  /// Writes the logits; `work` holds the hidden layer's values (H).
  func forward(
    _ input: UnsafePointer<Float>, parameters: UnsafePointer<Float>,
    work: UnsafeMutablePointer<Float>, logits: UnsafeMutablePointer<Float>
  ) {
    var p = parameters + range.lowerBound
    var source = input
    var width = features
    if hidden > 0 {
      SelectorHead.affine(p, from: source, width, to: work, hidden)
      for unit in 0..<hidden { work[unit] = max(work[unit], 0) }
      p += (features + 1) * hidden
      source = UnsafePointer(work)
      width = hidden
    }
    SelectorHead.affine(p, from: source, width, to: logits, candidates)
  }

  /// Adds the parameters' gradients to `gradient` (laid out like the parameters) given
  /// dLoss/dLogits.
  func backward(
    _ input: UnsafePointer<Float>, parameters: UnsafePointer<Float>,
    work: UnsafePointer<Float>, logitGradient: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let g = gradient + range.lowerBound
    guard hidden > 0 else {
      SelectorHead.affineGradient(g, from: input, features, logitGradient, candidates)
      return
    }
    let first = (features + 1) * hidden
    SelectorHead.affineGradient(g + first, from: work, hidden, logitGradient, candidates)
    let p = parameters + range.lowerBound + first
    withUnsafeTemporaryAllocation(of: Float.self, capacity: hidden) { hiddenGradient in
      for unit in 0..<hidden {
        var sum: Float = 0
        for m in 0..<candidates { sum += p[unit * candidates + m] * logitGradient[m] }
        hiddenGradient[unit] = work[unit] > 0 ? sum : 0
      }
      SelectorHead.affineGradient(g, from: input, features, hiddenGradient.baseAddress!, hidden)
    }
  }

  private static func affine(
    _ p: UnsafePointer<Float>, from input: UnsafePointer<Float>, _ rows: Int,
    to output: UnsafeMutablePointer<Float>, _ columns: Int
  ) {
    for column in 0..<columns { output[column] = p[rows * columns + column] }
    for row in 0..<rows {
      for column in 0..<columns { output[column] += input[row] * p[row * columns + column] }
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
