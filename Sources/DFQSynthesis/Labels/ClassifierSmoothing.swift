import DFQEngine
public import DFQGraph
import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The classifier applied to a mixture of class centroids: softmax(s W c y + b), with the centroids
/// c_k of the classes as columns of c (Hong et al., WACV 2025, overview figure).
///
/// With the class vectors w_k as centroids, W c is W W^T.
public struct ClassifierSmoothing: Sendable {
  /// The number of classes C.
  public let classCount: Int
  /// s W c, C x C: row by row the products of a class vector with all centroids.
  public let matrix: [Double]
  /// The classifier's bias b, C.
  public let bias: [Double]
  /// The scale s.
  public let scale: Double

  /// Scales the centroids by bisection until a class has mean probability `confidence` at its own
  /// centroid.
  ///
  /// `centroids` are C vectors of the classifier's number of inputs; nil takes the class vectors.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` where no scale reaches the
  ///   confidence and for centroids of another shape; `NetworkError` where the network has no linear
  ///   classifier.
  public init(_ network: Network, confidence: Double, centroids: [[Float]]? = nil) throws {
    let products =
      try centroids.map { try ClassifierSmoothing.products(network, $0) }
      ?? ClassSimilarity(network, measure: .dotProduct).values.map(Double.init)
    let bias = try network.classifier().bias.map(Double.init)
    let classes = bias.count
    func reached(_ scale: Double) -> Double {
      (0..<classes).reduce(0) { sum, k in
        let logits = (0..<classes).map { scale * products[$0 * classes + k] + bias[$0] }
        return sum + exp(logSoftmax(logits)[k]) / Double(classes)
      }
    }
    // Larger powers of two change nothing, because doubles would lose the bias.
    let scales = (-20...30).map { exp2(Double($0)) }
    guard let above = scales.first(where: { reached($0) > confidence }) else {
      throw SynthesisError.badConfiguration(
        what: "centroids that the classifier tells apart with mean probability \(confidence)",
        found: "\(reached(exp2(30))) at the largest scale; lower the centroid confidence")
    }
    var (low, high) = (0.0, above)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if reached(middle) < confidence { low = middle } else { high = middle }
    }
    scale = high
    matrix = products.map { $0 * high }
    self.bias = bias
    classCount = classes
  }

  /// W c, C x C.
  private static func products(_ network: Network, _ centroids: [[Float]]) throws -> [Double] {
    let weight = try network.classifier().weight
    let (inputs, classes) = (weight.shape[0], weight.shape[1])
    guard centroids.count == classes, centroids.allSatisfy({ $0.count == inputs }) else {
      throw SynthesisError.badConfiguration(
        what: "\(classes) centroids of \(inputs) values",
        found: "\(centroids.count) of \(Set(centroids.map(\.count)).sorted())")
    }
    return (0..<classes).flatMap { k in
      centroids.map { centroid in
        (0..<inputs).reduce(0) { $0 + Double(weight[$1 * classes + k]) * Double(centroid[$1]) }
      }
    }
  }

  /// The logarithm of the refined label of a random label y, C.
  public func logLabel(_ label: [Double]) -> [Double] {
    logSoftmax(zip(times(label), bias).map { $0 + $1 })
  }

  /// The product of the matrix and a vector.
  public func times(_ vector: [Double]) -> [Double] {
    (0..<classCount).map { row in
      var sum = 0.0
      for column in 0..<classCount { sum += matrix[row * classCount + column] * vector[column] }
      return sum
    }
  }

  /// The product of the transposed matrix and a vector, for gradients.
  public func transposeTimes(_ vector: [Double]) -> [Double] {
    (0..<classCount).map { column in
      var sum = 0.0
      for row in 0..<classCount { sum += matrix[row * classCount + column] * vector[row] }
      return sum
    }
  }
}

/// log softmax of logits in double precision.
func logSoftmax(_ logits: [Double]) -> [Double] {
  let largest = logits.max() ?? 0
  let logSum = log(logits.reduce(0) { $0 + exp($1 - largest) }) + largest
  return logits.map { $0 - logSum }
}

/// The gradient at a softmax's logits from the one at its probabilities p.
func softmaxBackward(_ gradient: [Double], _ p: [Double]) -> [Double] {
  let along = zip(gradient, p).reduce(0) { $0 + $1.0 * $1.1 }
  return zip(gradient, p).map { $1 * ($0 - along) }
}

/// -sum p log p in nats, from log p.
func entropy(ofLogProbabilities values: [Double]) -> Double {
  -values.reduce(0) { $0 + ($1 == -.infinity ? 0 : exp($1) * $1) }
}
