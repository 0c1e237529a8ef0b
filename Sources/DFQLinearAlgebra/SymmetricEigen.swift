#if canImport(Accelerate)
  internal import Accelerate
#else
  internal import CLAPACKE
#endif

/// Eigenvalues (ascending) and eigenvectors of a symmetric matrix (LAPACK's `dsyevd`).
package struct SymmetricEigen: Sendable {
  /// D eigenvalues, ascending.
  package let values: [Double]
  /// D x D, row i is the unit eigenvector of `values[i]`.
  package let vectors: [Double]

  /// Decomposes a symmetric matrix of `rows` x `rows` elements in row-major order.
  package init(_ matrix: [Double], rows: Int) throws {
    precondition(matrix.count == rows * rows, "a symmetric matrix is square")
    guard matrix.allSatisfy(\.isFinite) else { throw LinearAlgebraError.notFinite(rows: rows) }
    var work = matrix
    var values = [Double](repeating: 0, count: rows)
    #if canImport(Accelerate)
      var info: __LAPACK_int = 0
      var order = __LAPACK_int(rows)
      var leading = order
      var size = __LAPACK_int(1 + 6 * rows + 2 * rows * rows)
      var integerSize = __LAPACK_int(3 + 5 * rows)
      var buffer = [Double](repeating: 0, count: Int(size))
      var integers = [__LAPACK_int](repeating: 0, count: Int(integerSize))
      dsyevd_(
        "V", "U", &order, &work, &leading, &values, &buffer, &size, &integers, &integerSize, &info)
    #else
      // Column-major on purpose: the matrix is its own transpose, and the eigenvectors come out as
      // rows.
      let info = LAPACKE_dsyevd(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")), .init(rows), &work,
        .init(rows), &values)
    #endif
    guard info == 0 else { throw LinearAlgebraError.noConvergence(rows: rows, code: Int(info)) }
    self.values = values
    vectors = work
  }
}
