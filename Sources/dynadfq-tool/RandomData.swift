import DynaDFQ
import Foundation

/// Weights, images and labels from a seed: time depends only on their shapes.
enum RandomData {
  /// A network with new weights and running statistics such as training leaves behind, so that
  /// nothing is degenerate.
  static func network(_ name: String, seed: UInt64) throws -> Network {
    var network = try Architecture(name: name).network(seed: seed)
    var stream = RandomStream(seed: seed, "running statistics")
    let entries = network.parameters.layout.entries
    network.withMutableParameters { values in
      for entry in entries {
        for index in entry.range {
          switch entry.role {
          case .runningMean: values[index] = 0.1 * stream.normal()
          case .runningVariance: values[index] = stream.uniform(0.5, 1.5)
          default: break
          }
        }
      }
    }
    return network
  }

  /// Normalized images N H W C.
  static func images(_ count: Int, for network: Network, seed: UInt64) -> Tensor {
    let shape = Shape([count] + network.imageShape.dimensions)
    var stream = RandomStream(seed: seed, "images")
    return Tensor(shape: shape, elements: stream.normals(shape.count))
  }

  /// One-hot labels N C.
  static func labels(_ count: Int, for network: Network, seed: UInt64) throws -> Tensor {
    var stream = RandomStream(seed: seed, "labels")
    let classes = (0..<count).map { _ in stream.integer(below: network.classCount) }
    return try .oneHot(classes, classCount: network.classCount)
  }
}
