/// The lower triangular factor of a positive definite matrix, and solutions of its systems.
struct Cholesky {
  private let rows: Int
  private var l: [Double]

  /// Factors a matrix, of which the lower triangle is read, row by row.
  init(_ matrix: [Double], rows n: Int) {
    rows = n
    l = matrix
    for j in 0..<n {
      var diagonal = l[j * n + j]
      for k in 0..<j { diagonal -= l[j * n + k] * l[j * n + k] }
      // A ridge keeps it above 0 but for rounding.
      diagonal = max(diagonal, 1e-12).squareRoot()
      l[j * n + j] = diagonal
      for i in j + 1..<max(n, j + 1) {
        var sum = l[i * n + j]
        for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
        l[i * n + j] = sum / diagonal
      }
    }
  }

  /// The solution of the system with a right side.
  func solution(_ right: [Double]) -> [Double] {
    let n = rows
    var y = right
    for i in 0..<n {
      for k in 0..<i { y[i] -= l[i * n + k] * y[k] }
      y[i] /= l[i * n + i]
    }
    for i in (0..<n).reversed() {
      for k in i + 1..<max(n, i + 1) { y[i] -= l[k * n + i] * y[k] }
      y[i] /= l[i * n + i]
    }
    return y
  }
}
