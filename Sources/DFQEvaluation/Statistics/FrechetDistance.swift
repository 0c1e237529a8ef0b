import DFQEngine
public import DFQGraph
import DFQLinearAlgebra
public import DFQTensor

/// The Fréchet distance of two sets of features, each taken as a normal distribution.
///
/// It is |m1 - m2|^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2) (Heusel et al. 2017, equation 6). It is for analysis; nothing is trained with it.
public enum FrechetDistance {
  /// The distance of features N D.
  ///
  /// - Throws: ``LinearAlgebraError`` for features that are not finite, fewer than two rows or
  ///   different widths.
  public static func between(_ first: Tensor, _ second: Tensor) throws -> Double {
    guard first.rowCount > 1, second.rowCount > 1, first.shape.rank == 2, second.shape.rank == 2,
      first.shape[1] == second.shape[1]
    else {
      throw LinearAlgebraError.tooFewSamples(
        expected: "two sets of at least two features of one width",
        found: "\(first.shape) and \(second.shape)")
    }
    let a = Moments(first)
    let b = Moments(second)
    let d = a.mean.count
    let root = try Matrix(a.covariance, d).squareRoot()
    let inner = root.times(Matrix(b.covariance, d)).times(root)
    let trace = try SymmetricEigen(inner.symmetrized, rows: d).values.reduce(0) {
      $0 + max($1, 0).squareRoot()
    }
    let offset = zip(a.mean, b.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let traces = (0..<d).reduce(0) { $0 + a.covariance[$1 * d + $1] + b.covariance[$1 * d + $1] }
    return offset + traces - 2 * trace
  }

  /// The penultimate features N D (the classifier's input) of inputs N H W C.
  ///
  /// - Throws: `NetworkError` for inputs of another shape or a network without a linear layer.
  public static func features(
    of inputs: Tensor, in network: Network, context: ExecutionContext = .default
  ) throws -> Tensor {
    let node = network.graph.nodes[try network.classifier().node].inputs[0]
    let values = try FloatExecutor(network, nodes: [node], context: context).values(
      of: [node], inputs: inputs)
    return values[0]
  }

  private struct Moments {
    let mean: [Double]
    let covariance: [Double]

    init(_ features: Tensor) {
      let (n, d) = (features.shape[0], features.shape[1])
      var mean = [Double](repeating: 0, count: d)
      for row in 0..<n { for i in 0..<d { mean[i] += Double(features[row * d + i]) / Double(n) } }
      var covariance = [Double](repeating: 0, count: d * d)
      for row in 0..<n {
        let centred = (0..<d).map { Double(features[row * d + $0]) - mean[$0] }
        for i in 0..<d { for j in 0..<d { covariance[i * d + j] += centred[i] * centred[j] } }
      }
      self.mean = mean
      self.covariance = covariance.map { $0 / Double(n - 1) }
    }
  }

  private struct Matrix {
    let values: [Double]
    let rows: Int

    init(_ values: [Double], _ rows: Int) {
      self.values = values
      self.rows = rows
    }

    func times(_ other: Matrix) -> Matrix {
      var result = [Double](repeating: 0, count: rows * rows)
      for i in 0..<rows {
        for k in 0..<rows {
          let factor = values[i * rows + k]
          for j in 0..<rows { result[i * rows + j] += factor * other.values[k * rows + j] }
        }
      }
      return Matrix(result, rows)
    }

    var symmetrized: [Double] {
      values.indices.map { (values[$0] + values[$0 % rows * rows + $0 / rows]) / 2 }
    }

    /// The root of a positive semidefinite matrix; eigenvalues below zero are rounding.
    func squareRoot() throws -> Matrix {
      let eigen = try SymmetricEigen(symmetrized, rows: rows)
      var result = [Double](repeating: 0, count: rows * rows)
      for (index, value) in eigen.values.enumerated() {
        let root = max(value, 0).squareRoot()
        for i in 0..<rows {
          for j in 0..<rows {
            result[i * rows + j] +=
              root * eigen.vectors[index * rows + i] * eigen.vectors[index * rows + j]
          }
        }
      }
      return Matrix(result, rows)
    }
  }
}
