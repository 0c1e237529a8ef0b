import DFQEngine
public import DFQGraph
import DFQTensor

/// How similar the classes are, read from the classifier's weight vectors, one per class.
///
/// The idea is that of Saito et al. (ICCV 2019); Hong et al. (2023, equation 5) use it for labels.
public struct ClassSimilarity: Sendable {
  /// How two weight vectors are compared.
  public enum Measure: String, Sendable, Codable, CaseIterable {
    /// The inner product, as published; it favours classes with long vectors.
    case dotProduct
    /// The inner product of unit vectors.
    case cosine
    /// The cosine of the vectors minus the mean vector of all classes.
    case centredCosine
  }

  /// The number of classes C.
  public let classCount: Int
  /// C x C, row by row.
  public let values: [Float]

  /// Reads a network's similarities.
  ///
  /// - Throws: `NetworkError.missingLayers` where there is no linear layer.
  public init(_ network: Network, measure: Measure = .dotProduct) throws {
    let weight = try network.classifier().weight
    let (inputs, classes) = (weight.shape[0], weight.shape[1])
    var vectors = (0..<classes).map { c in (0..<inputs).map { Double(weight[$0 * classes + c]) } }
    if measure == .centredCosine {
      let mean = (0..<inputs).map { i in vectors.reduce(0) { $0 + $1[i] } / Double(classes) }
      vectors = vectors.map { zip($0, mean).map { $0 - $1 } }
    }
    if measure != .dotProduct {
      vectors = vectors.map { vector in
        let norm = max(vector.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
        return vector.map { $0 / norm }
      }
    }
    classCount = classes
    values = vectors.flatMap { a in
      vectors.map { b in Float(zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }) }
    }
  }

  /// The similarity of two classes.
  ///
  /// - Precondition: Both classes are in `0..<classCount`.
  public subscript(first: Int, second: Int) -> Float {
    precondition(
      (0..<classCount).contains(first) && (0..<classCount).contains(second),
      "classes \(first) and \(second) are outside of 0..<\(classCount)")
    return values[first * classCount + second]
  }

  /// The other classes, most similar first; equally similar classes are in the order of their
  /// numbers.
  ///
  /// - Precondition: The anchor is in `0..<classCount`.
  public func nearest(to anchor: Int, count: Int? = nil) -> [Int] {
    let others = (0..<classCount).filter { $0 != anchor }
    let ordered = others.sorted { (self[anchor, $0], -$0) > (self[anchor, $1], -$1) }
    return Array(ordered.prefix(max(count ?? others.count, 0)))
  }
}
