import DFQGraph
import DFQTensor

extension QuantizedNetwork {
  /// What the selector reads of normalized images N H W C themselves, image by image; empty where it
  /// reads nothing of them.
  func imageFeatures(_ images: Tensor) -> [Float] {
    guard let kinds = plan.image else { return [] }
    let count = kinds.statistics.count
    var features = [Float](repeating: 0, count: images.rowCount * count)
    let size = images.rowShape.count
    images.elements.withUnsafeBufferPointer { values in
      features.withUnsafeMutableBufferPointer { features in
        guard let source = values.baseAddress, let target = features.baseAddress else { return }
        for image in 0..<images.rowCount {
          kinds.measure(
            source + image * size, preprocessing: network.preprocessing,
            into: target + image * count)
        }
      }
    }
    return features
  }
}
