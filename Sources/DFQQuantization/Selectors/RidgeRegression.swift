import DFQTensor

/// Linear least squares with a penalty on the coefficients (Hoerl and Kennard, 1970).
package struct RidgeRegression {
  /// The weight of the squared coefficients against the mean of squared errors.
  package let ridge: Double

  package init(ridge: Double) { self.ridge = ridge }

  /// The intercept and a coefficient for each of the features N F, which are centred: those that
  /// minimize mean((y - a - x b)^2) + ridge |b|^2.
  package func fit(_ features: Tensor, to targets: [Double]) -> [Float] {
    let (rows, columns) = (features.rowCount, features.shape.count / max(features.rowCount, 1))
    let x = features.elements.map { Double($0) }
    let count = Double(max(rows, 1))
    let means = (0..<columns).map { c in
      (0..<rows).reduce(0) { $0 + x[$1 * columns + c] } / count
    }
    let mean = targets.reduce(0, +) / count
    // The normal equations of centred values.
    var matrix = [Double](repeating: 0, count: columns * columns)
    var right = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      let centred = (0..<columns).map { x[row * columns + $0] - means[$0] }
      for i in 0..<columns {
        right[i] += centred[i] * (targets[row] - mean) / count
        for j in 0...i { matrix[i * columns + j] += centred[i] * centred[j] / count }
      }
    }
    for i in 0..<columns { matrix[i * columns + i] += ridge }
    let solution = Cholesky(matrix, rows: columns).solution(right)
    let intercept = mean - zip(solution, means).reduce(0) { $0 + $1.0 * $1.1 }
    return ([intercept] + solution).map { Float($0) }
  }
}
