import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct LinearAlgebraTests {
  /// [[2, 1], [1, 2]] has eigenvalues 1 and 3 with vectors (1, -1) and (1, 1) over sqrt(2).
  @Test func handWorkedEigenvalues() throws {
    let eigen = try SymmetricEigen([2, 1, 1, 2], rows: 2)
    // A few rounding errors of double precision.
    #expect(abs(eigen.values[0] - 1) < 1e-14)
    #expect(abs(eigen.values[1] - 3) < 1e-14)
    #expect(abs(eigen.vectors[0] + eigen.vectors[1]) < 1e-14)
    #expect(abs(eigen.vectors[2] - eigen.vectors[3]) < 1e-14)
    #expect(abs(abs(eigen.vectors[2]) - 0.5.squareRoot()) < 1e-14)
  }

  @Test(arguments: [1, 3, 17])
  func reconstructs(rows: Int) throws {
    var stream = RandomStream(seed: 1, "eigen", rows)
    var matrix = [Double](repeating: 0, count: rows * rows)
    for i in 0..<rows {
      for j in 0...i {
        let value = Double(stream.normal())
        matrix[i * rows + j] = value
        matrix[j * rows + i] = value
      }
    }
    let eigen = try SymmetricEigen(matrix, rows: rows)
    #expect(zip(eigen.values, eigen.values.dropFirst()).allSatisfy { $0 <= $1 })
    var largest = 0.0
    for i in 0..<rows {
      for j in 0..<rows {
        let sum = (0..<rows).reduce(0.0) {
          $0 + eigen.values[$1] * eigen.vectors[$1 * rows + i] * eigen.vectors[$1 * rows + j]
        }
        largest = max(largest, abs(sum - matrix[i * rows + j]))
      }
    }
    // Backward error of a symmetric eigensolver: a small multiple of rows * 1e-16.
    #expect(largest < 1e-13 * Double(rows))
  }

  @Test func notFinite() {
    #expect(throws: LinearAlgebraError.notFinite(rows: 2)) {
      _ = try SymmetricEigen([1, .nan, .nan, 1], rows: 2)
    }
    #expect(throws: LinearAlgebraError.notFinite(rows: 1)) {
      _ = try SymmetricEigen([.infinity], rows: 1)
    }
  }

  @Test(arguments: [false, true], [false, true])
  func products(transposeA: Bool, transposeB: Bool) {
    let (m, n, k) = (5, 7, 3)
    var stream = RandomStream(seed: 2, "product")
    let (a, b) = (stream.normals(m * k), stream.normals(k * n))
    let start = stream.normals(m * n)
    for beta: Float in [0, 1] {
      var c = start
      BLAS.multiply(
        transposeA: transposeA, transposeB: transposeB, rows: m, columns: n, inner: k, a: a, b: b,
        beta: beta, c: &c)
      for row in 0..<m {
        for column in 0..<n {
          let sum = (0..<k).reduce(Double(beta * start[row * n + column])) {
            let left = transposeA ? a[$1 * m + row] : a[row * k + $1]
            let right = transposeB ? b[column * k + $1] : b[$1 * n + column]
            return $0 + Double(left) * Double(right)
          }
          // Four rounded additions of numbers of magnitude up to about 10.
          #expect(abs(Double(c[row * n + column]) - sum) < 1e-5)
        }
      }
    }
  }
}
