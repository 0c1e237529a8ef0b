internal import CDFQKernels

extension Kernels {
  /// Neighbouring rows of floats, `step` apart.
  package struct Rows<Pointer> {
    package let start: Pointer
    package let step: Int

    package init(start: Pointer, step: Int) {
      self.start = start
      self.step = step
    }
  }

  /// The factors of terms, one for each row of sums and each term.
  package struct Factors {
    let start: UnsafePointer<Float>
    let rowStep: Int
    let termStep: Int

    package init(start: UnsafePointer<Float>, rowStep: Int, termStep: Int) {
      self.start = start
      self.rowStep = rowStep
      self.termStep = termStep
    }
  }

  /// Vector kernels sum inner products as floats over so many elements, and these sums in double precision, in order: parts that begin
  /// at multiples give the same bits. (Scalar kernels sum in double precision alone.)
  package static let dotBlock = 1024

  /// The inner products of x with rows of y, each the bits of ``dot(x:y:count:)``.
  package func dots(
    x: UnsafePointer<Float>, _ y: Rows<UnsafePointer<Float>>, rows: Int, count: Int,
    into sums: UnsafeMutablePointer<Double>
  ) {
    table.dots(x, y.start, y.step, Int32(rows), count, sums)
  }

  /// Adds factor[row][term] * x[term] to every row of `sums`, `count` elements each, term by term in order.
  ///
  /// The bits are those of ``axpy(_:x:count:y:)`` for one term after the other; the sums stay in registers meanwhile. Sums from 0
  /// on, of at least one term, are not read.
  package func addProducts(
    _ factors: Factors, of x: Rows<UnsafePointer<Float>>, terms: Int,
    to sums: Rows<UnsafeMutablePointer<Float>>, rows: Int, count: Int,
    fromZero: Bool = false
  ) {
    var products = dfq_products(
      a: factors.start, a_row: factors.rowStep, a_term: factors.termStep, x: x.start,
      x_term: x.step, y: sums.start, y_row: sums.step, from_zero: fromZero ? 1 : 0)
    table.add_products(&products, Int32(rows), Int32(terms), count)
  }
}
