import DFQEngine
public import DFQGraph
import DFQTensor

extension SyntheticImages {
  /// Gaussian noise with random one-hot labels: the simplest set, for benchmarks, tests and as a
  /// baseline.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for a count that is negative or too
  ///   large.
  public static func noise(
    count: Int, for network: Network, seed: UInt64
  ) throws -> SyntheticImages {
    let shape = try batchShape(count, network)
    var stream = RandomStream(seed: seed, "images")
    let images = Tensor(shape: shape, elements: stream.normals(shape.count))
    stream = RandomStream(seed: seed, "labels")
    let anchors = (0..<count).map { _ in stream.integer(below: network.classCount) }
    return SyntheticImages(
      images: images, labels: try .oneHot(anchors, classCount: network.classCount),
      isEasy: [Bool](repeating: true, count: count), anchors: anchors,
      difficulty: [Difficulty](
        repeating: Difficulty(labelEntropy: 0, predictionEntropy: 0, gradientNorm: 0),
        count: count),
      provenance: [
        "arch": network.architecture, "method": "noise", "seed": "\(seed)",
        "teacher": Fingerprint.digest(network.parameters.values),
      ])
  }

  /// The shape of `count` images of a network, checked for overflow.
  static func batchShape(_ count: Int, _ network: Network) throws -> Shape {
    let dimensions = [count] + network.imageShape.dimensions
    guard Shape.checkedCount(dimensions, limit: elementLimit) != nil else {
      throw SynthesisError.badConfiguration(
        what: "at least 0 images of together at most \(elementLimit) values", found: "\(count)")
    }
    return Shape(dimensions)
  }
}
