public import DFQEngine
public import DFQGraph
public import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How far the statistics of Gaussian images lie from those that batch norm remembers, layer by layer:
/// the margins of DSG's slack alignment (Zhang et al., CVPR 2021).
///
/// The margin of a layer is a percentile of |mu - mu_BN|, and another of |sigma - sigma_BN|, over all
/// Gaussian images and all channels of the layer; mu and sigma are taken image by image, as
/// ``SlackStatistics`` takes them.
public struct SlackMargins: Sendable, Hashable {
  /// The margins of one layer.
  public struct Layer: Sendable, Hashable {
    /// The margin delta of the mean.
    public var mean: Double
    /// The margin gamma of the standard deviation.
    public var deviation: Double

    /// Makes margins.
    public init(mean: Double, deviation: Double) {
      self.mean = mean
      self.deviation = deviation
    }
  }

  /// The margins of each layer, in the order of `graph.batchNorms`.
  public var layers: [Layer]

  /// Makes margins.
  public init(layers: [Layer]) { self.layers = layers }

  /// Measures a network with standard normal images of a seed.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for no image and a percentile outside
  ///   of 0...1, and ``NetworkError``.
  public init(
    measuring network: Network, imageCount: Int = 1024, percentile: Float = 0.9, seed: UInt64,
    context: ExecutionContext = .default
  ) throws {
    guard (1...1_000_000).contains(imageCount), (0...1).contains(percentile) else {
      throw SynthesisError.badConfiguration(
        what: "margins of 1 to 1000000 Gaussian images and a percentile in 0...1",
        found: "\(imageCount) and \(percentile)")
    }
    let targets = network.statistics()
    let nodes = targets.map(\.node)
    let executor = FloatExecutor(network, nodes: Set(nodes), context: context)
    var means = [[Double]](repeating: [], count: nodes.count)
    var deviations = means
    // Few images at a time, because the values of all layers are kept.
    let size = 16
    for start in stride(from: 0, to: imageCount, by: size) {
      var stream = RandomStream(seed: seed, "slack margins", start / size)
      let shape = Shape([min(size, imageCount - start)] + network.imageShape.dimensions)
      let values = try executor.values(
        of: nodes,
        inputs: Tensor(
          shape: shape, elements: stream.normals(shape.count, pool: context.pool)))
      for (layer, target) in targets.enumerated() {
        for image in 0..<shape[0] {
          let moments = SlackMargins.moments(
            values[layer], image: image, channels: target.mean.count)
          for c in target.mean.indices {
            means[layer].append(abs(moments.mean[c] - target.mean[c]))
            deviations[layer].append(
              abs(moments.deviation[c] - (target.variance[c] + 1e-6).squareRoot()))
          }
        }
      }
    }
    layers = nodes.indices.map {
      Layer(
        mean: SlackMargins.quantile(means[$0], Double(percentile)),
        deviation: SlackMargins.quantile(deviations[$0], Double(percentile)))
    }
  }

  /// The losses of a network with these margins, and ZeroQ's term at the input, which has none.
  ///
  /// `enhanced` gives the images of a batch for which a layer counts `enhancement` times.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for margins of another number of layers.
  public func objectives(
    for network: Network, weight: Float, enhancement: Double = 1,
    enhanced: (_ layer: Int) -> Set<Int> = { _ in [] }
  ) throws -> [any MomentObjective] {
    let targets = network.statistics()
    guard targets.count == layers.count else {
      throw SynthesisError.badConfiguration(
        what: "margins of \(targets.count) layers", found: "\(layers.count)")
    }
    var result: [any MomentObjective] = []
    for (layer, target) in targets.enumerated() {
      result.append(
        SlackStatistics(
          targetMean: target.mean, targetVariance: target.variance,
          meanMargin: layers[layer].mean, deviationMargin: layers[layer].deviation,
          enhancedImages: enhanced(layer), enhancement: enhancement, node: target.node,
          weight: weight))
    }
    let channels = network.imageShape.dimensions.last!
    result.append(
      SlackStatistics(
        targetMean: [Double](repeating: 0, count: channels),
        targetVariance: [Double](repeating: 1, count: channels), node: 0, weight: weight))
    return result
  }

  /// The means and unbiased deviations of one image's channels.
  private static func moments(
    _ values: Tensor, image: Int, channels: Int
  ) -> (mean: [Double], deviation: [Double]) {
    let size = values.rowShape.count
    let count = Double(size / channels)
    var mean = [Double](repeating: 0, count: channels)
    var squares = mean
    values.withUnsafeElements { elements in
      for start in stride(from: image * size, to: (image + 1) * size, by: channels) {
        for c in 0..<channels {
          let value = Double(elements[start + c])
          mean[c] += value
          squares[c] += value * value
        }
      }
    }
    for c in 0..<channels { (mean[c], squares[c]) = (mean[c] / count, squares[c] / count) }
    let unbiased = count > 1 ? count / (count - 1) : 1
    let deviation = mean.indices.map {
      (max(squares[$0] - mean[$0] * mean[$0], 0) * unbiased + 1e-6).squareRoot()
    }
    return (mean, deviation)
  }

  /// A quantile with linear interpolation between the two nearest values.
  package static func quantile(_ values: [Double], _ share: Double) -> Double {
    let ordered = values.sorted()
    let place = share * Double(ordered.count - 1)
    let lower = Int(place)
    let upper = min(lower + 1, ordered.count - 1)
    return ordered[lower] + (place - Double(lower)) * (ordered[upper] - ordered[lower])
  }
}

extension Network {
  /// What each batch norm remembers, and the node whose output it normalizes.
  fileprivate func statistics() -> [(mean: [Double], variance: [Double], node: Int)] {
    graph.batchNorms.map { position in
      func values(_ role: ParameterLayout.Role) -> [Double] {
        parameters.tensor(node: position, role)!.elements.map(Double.init)
      }
      return (
        values(.runningMean), values(.runningVariance), graph.nodes[position].inputs[0]
      )
    }
  }
}
