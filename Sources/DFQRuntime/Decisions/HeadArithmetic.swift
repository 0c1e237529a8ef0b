/// A linear map or a network of one hidden ReLU layer from features to scores.
///
/// Parameters in order: linear: F x M weights, M biases; with a hidden layer: F x H, H, H x M, M.
package struct HeadArithmetic: Sendable, Equatable, BitwiseCopyable {
  /// The number of features F.
  package let features: Int
  /// The width H of the hidden layer, 0 for a linear map.
  package let hidden: Int
  /// The number of candidates M.
  package let candidates: Int

  package init(features: Int, hidden: Int, candidates: Int) {
    self.features = features
    self.hidden = hidden
    self.candidates = candidates
  }

  /// The number of parameters.
  package var parameterCount: Int {
    hidden == 0
      ? (features + 1) * candidates : (features + 1) * hidden + (hidden + 1) * candidates
  }

  /// Writes the scores; `work` keeps the hidden layer's values.
  package func forward(
    parameters: UnsafePointer<Float>, features source: UnsafePointer<Float>,
    work: UnsafeMutablePointer<Float>?, logits: UnsafeMutablePointer<Float>
  ) {
    guard hidden > 0, let work else {
      HeadArithmetic.affine(parameters, from: source, features, to: logits, candidates)
      return
    }
    HeadArithmetic.affine(parameters, from: source, features, to: work, hidden)
    for unit in 0..<hidden { work[unit] = max(work[unit], 0) }
    HeadArithmetic.affine(
      parameters + (features + 1) * hidden, from: work, hidden, to: logits, candidates)
  }

  /// The scores of a linear map whose parameters were brought into the order of `byColumns(_:)`: the same bits, from weights side by side.
  package func forward(
    byColumns parameters: UnsafePointer<Float>, features source: UnsafePointer<Float>,
    logits: UnsafeMutablePointer<Float>
  ) {
    let (whole, biases) = (features / 4 * 4, parameters + features * candidates)
    for column in 0..<candidates {
      let weights = parameters + column * features
      var sums = SIMD4<Float>()
      for row in stride(from: 0, to: whole, by: 4) {
        sums +=
          UnsafeRawPointer(source + row).loadUnaligned(as: SIMD4<Float>.self)
          * UnsafeRawPointer(weights + row).loadUnaligned(as: SIMD4<Float>.self)
      }
      for last in whole..<features { sums[last - whole] += source[last] * weights[last] }
      logits[column] = biases[column] + (sums[0] + sums[1] + (sums[2] + sums[3]))
    }
  }

  /// The parameters of a linear map: the F weights of each of the M columns, then M biases.
  package func byColumns(_ parameters: [Float]) -> [Float] {
    (0..<candidates).flatMap { column in
      (0..<features).map { parameters[$0 * candidates + column] }
    } + parameters[(features * candidates)...]
  }

  /// Four sums for each column, of every fourth row: a single one would wait for each of its additions.
  private static func affine(
    _ p: UnsafePointer<Float>, from input: UnsafePointer<Float>, _ rows: Int,
    to output: UnsafeMutablePointer<Float>, _ columns: Int
  ) {
    for column in 0..<columns {
      var sums = SIMD4<Float>()
      var weight = p + column
      var row = 0
      while row + 4 <= rows {
        sums +=
          SIMD4(input[row], input[row + 1], input[row + 2], input[row + 3])
          * SIMD4(weight[0], weight[columns], weight[2 * columns], weight[3 * columns])
        weight += 4 * columns
        row += 4
      }
      for last in row..<rows { sums[last - row] += input[last] * p[last * columns + column] }
      output[column] = p[rows * columns + column] + (sums[0] + sums[1] + (sums[2] + sums[3]))
    }
  }
}
