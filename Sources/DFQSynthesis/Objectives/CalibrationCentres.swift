public import DFQEngine
public import DFQGraph
public import DFQTensor

/// The moments that the images of each class have in front of every batch norm: TexQ's calibration
/// centres (Chen et al., NeurIPS 2023).
public struct CalibrationCentres: Sendable, Hashable {
  /// The moments of one class at one layer.
  struct Moments: Sendable, Hashable {
    var mean: [Double]
    var variance: [Double]
  }

  /// By layer, in the order of `graph.batchNorms`, and class; nil for a class without an image.
  let moments: [[Moments?]]

  /// Takes the moments over all images of each class, by the class that each image is drawn around.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for classes that the network does
  ///   not have, and `NetworkError` for images of another shape.
  public init(
    of images: SyntheticImages, in network: Network, context: ExecutionContext = .default
  ) throws {
    let classes = network.classCount
    if let bad = images.anchors.first(where: { !(0..<classes).contains($0) }) {
      throw SynthesisError.badImages(
        source: "calibration centres", expected: "classes in 0..<\(classes)", found: "\(bad)")
    }
    let nodes = network.graph.batchNorms.map { network.graph.nodes[$0].inputs[0] }
    let executor = FloatExecutor(network, nodes: Set(nodes), context: context)
    var sums = nodes.map { node in
      let channels = network.graph.nodes[node].outputShape.dimensions.last!
      return [ChannelSums](repeating: .init(channels: channels), count: classes)
    }
    // Few images at a time, because the values of all layers are kept.
    for start in stride(from: 0, to: images.count, by: 16) {
      let range = start..<min(start + 16, images.count)
      let values = try executor.values(of: nodes, inputs: images.images.rows(range))
      for layer in nodes.indices {
        for image in range {
          sums[layer][images.anchors[image]].add(values[layer], row: image - start)
        }
      }
    }
    moments = sums.map { $0.map(\.moments) }
  }

  /// The losses of a batch whose images have the given classes; the total is `weight` times the mean
  /// over layers.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for centres of another network.
  public func objectives(
    for network: Network, classes: [Int], weight: Float
  ) throws -> [any MomentObjective] {
    let norms = network.graph.batchNorms
    guard norms.count == moments.count else {
      throw SynthesisError.badConfiguration(
        what: "calibration centres of \(norms.count) layers", found: "\(moments.count)")
    }
    return zip(norms, moments).map { norm, centres in
      ClassStatistics(
        means: centres.map { $0?.mean }, variances: centres.map { $0?.variance },
        classes: classes, node: network.graph.nodes[norm].inputs[0],
        weight: weight / Float(norms.count))
    }
  }

  /// Sums over the values of a class's images.
  private struct ChannelSums {
    var count = 0.0
    var sum: [Double]
    var squares: [Double]

    init(channels: Int) {
      sum = [Double](repeating: 0, count: channels)
      squares = sum
    }

    mutating func add(_ values: Tensor, row: Int) {
      let (size, channels) = (values.rowShape.count, sum.count)
      count += Double(size / channels)
      values.withUnsafeElements { elements in
        for start in stride(from: row * size, to: (row + 1) * size, by: channels) {
          for c in 0..<channels {
            let value = Double(elements[start + c])
            sum[c] += value
            squares[c] += value * value
          }
        }
      }
    }

    var moments: Moments? {
      guard count > 0 else { return nil }
      let mean = sum.map { $0 / count }
      return Moments(
        mean: mean,
        variance: mean.indices.map { max(squares[$0] / count - mean[$0] * mean[$0], 0) })
    }
  }
}
