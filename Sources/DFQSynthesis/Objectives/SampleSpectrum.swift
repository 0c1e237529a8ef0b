import DFQEngine
import DFQLinearAlgebra
package import DFQTensor

/// The eigenvalues and eigenvectors of a batch's Gram matrix of cosines.
package struct SampleSpectrum: Sendable {
  /// B eigenvalues, ascending.
  package let values: [Double]
  /// B x B, row j is the unit eigenvector of `values[j]`.
  package let vectors: [Double]
  /// The images scaled to length 1, B x D.
  let directions: [Float]
  /// The images' lengths.
  let lengths: [Float]

  package var count: Int { values.count }

  /// Decomposes the Gram matrix of images N H W C.
  package init(_ images: Tensor) throws {
    // LAPACK and the BLAS give other bits with other numbers of threads.
    BLAS.useOneThread()
    let (count, size) = (images.rowCount, images.rowShape.count)
    var directions = images.elements
    var lengths: [Float] = []
    directions.withUnsafeMutableBufferPointer { directions in
      for image in 0..<count {
        let range = image * size..<(image + 1) * size
        let row = UnsafeMutableBufferPointer(rebasing: directions[range])
        let squares = SampleSpectrum.product(UnsafeBufferPointer(row), UnsafeBufferPointer(row))
        let length = Float(max(squares.squareRoot(), 1e-12))
        for place in row.indices { row[place] /= length }
        lengths.append(length)
      }
    }
    var gram = [Float](repeating: 0, count: count * count)
    directions.withUnsafeBufferPointer { rows in
      gram.withUnsafeMutableBufferPointer { products in
        BLAS.multiply(
          transposeB: true, rows: count, columns: count, inner: size, a: rows.baseAddress!,
          b: rows.baseAddress!, c: products.baseAddress!)
      }
    }
    let eigen = try SymmetricEigen(
      (0..<count * count).map { place in
        (Double(gram[place]) + Double(gram[place % count * count + place / count])) / 2
      }, rows: count)
    values = eigen.values
    vectors = SampleSpectrum.signed(eigen.vectors, count)
    self.directions = directions
    self.lengths = lengths
  }

  /// The gradient at the images from the derivatives at the eigenvalues, and from those at the inner
  /// products of each eigenvector with a fixed one, the rows of `others`.
  ///
  /// With dv_j = sum over k of v_k (v_k dS v_j) / (lambda_j - lambda_k) the gradient at the Gram matrix
  /// is V^T M V, where M has the former on its diagonal. Nearly equal eigenvalues have no stable
  /// vectors: their quotients are bounded.
  func gradient(atValues: [Double], atProducts: [Double], others: [Double]) -> [Float] {
    let size = directions.count / max(count, 1)
    let vectors = vectors.map(Float.init)
    // <v_k, o_j> at k, j.
    var inner = SampleSpectrum.product(vectors, others.map(Float.init), count, transposeB: true)
    for k in 0..<count {
      for j in 0..<count where k != j {
        let gap = values[j] - values[k]
        inner[k * count + j] *= Float(atProducts[j] * gap / (gap * gap + 1e-8))
      }
      inner[k * count + k] = Float(atValues[k])
    }
    // V^T M V, made symmetric, twice: the Gram matrix has each row of directions twice.
    let atEigen = SampleSpectrum.product(
      vectors, SampleSpectrum.product(inner, vectors, count), count, transposeA: true)
    let atGram = atEigen.indices.map { atEigen[$0] + atEigen[$0 % count * count + $0 / count] }
    var gradient = [Float](repeating: 0, count: directions.count)
    directions.withUnsafeBufferPointer { rows in
      atGram.withUnsafeBufferPointer { products in
        gradient.withUnsafeMutableBufferPointer { target in
          BLAS.multiply(
            rows: count, columns: size, inner: count, a: products.baseAddress!,
            b: rows.baseAddress!, c: target.baseAddress!)
        }
      }
    }
    // Through the scaling to length 1: without the part along the image.
    directions.withUnsafeBufferPointer { directions in
      gradient.withUnsafeMutableBufferPointer { gradient in
        for image in 0..<count {
          let range = image * size..<(image + 1) * size
          let direction = UnsafeBufferPointer(rebasing: directions[range])
          let row = UnsafeMutableBufferPointer(rebasing: gradient[range])
          let along = Float(SampleSpectrum.product(UnsafeBufferPointer(row), direction))
          for place in row.indices {
            row[place] = (row[place] - along * direction[place]) / lengths[image]
          }
        }
      }
    }
    return gradient
  }

  /// The vectors with the sign that makes the largest component positive: LAPACK's signs are those of
  /// its version, and may change with the last bit of the matrix.
  private static func signed(_ vectors: [Double], _ count: Int) -> [Double] {
    var result = vectors
    for row in stride(from: 0, to: count * count, by: max(count, 1)) {
      let range = row..<row + count
      guard let largest = range.max(by: { abs(vectors[$0]) < abs(vectors[$1]) }),
        vectors[largest] < 0
      else { continue }
      for place in range { result[place] = -vectors[place] }
    }
    return result
  }

  /// The inner product of two vectors, in eight sums of every eighth element.
  private static func product(
    _ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>
  ) -> Double {
    var lanes = SIMD8<Double>()
    var place = 0
    while place + 8 <= a.count {
      var (x, y) = (SIMD8<Double>(), SIMD8<Double>())
      for lane in 0..<8 { x[lane] = Double(a[place + lane]) }
      for lane in 0..<8 { y[lane] = Double(b[place + lane]) }
      lanes += x * y
      place += 8
    }
    var sum = lanes.sum()
    while place < a.count {
      sum += Double(a[place]) * Double(b[place])
      place += 1
    }
    return sum
  }

  /// The product of two square matrices, or of their transposes.
  private static func product(
    _ a: [Float], _ b: [Float], _ count: Int, transposeA: Bool = false, transposeB: Bool = false
  ) -> [Float] {
    var result = [Float](repeating: 0, count: count * count)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        result.withUnsafeMutableBufferPointer { result in
          BLAS.multiply(
            transposeA: transposeA, transposeB: transposeB, rows: count, columns: count,
            inner: count, a: a.baseAddress!, b: b.baseAddress!, c: result.baseAddress!)
        }
      }
    }
    return result
  }
}
