/// How bits are chosen for each input image.
///
/// A selector reads cheap features of the image inside the student, computes one logit per
/// candidate and takes the largest: value of the chosen candidate, gradient of the softmax mixture
/// (straight-through; CADyQ, methods.md 3.1). Its own cost is counted in every BitOPs figure.
public struct BitSelector: Sendable, Codable, Hashable {
  /// How many decisions an image gets.
  public enum Granularity: String, Sendable, Codable, CaseIterable {
    /// One decision per layer, from the layer's own output before it is quantized.
    case perLayer
    /// One decision per image, after the first point, for all later layers.
    case perImage
  }

  /// How many decisions an image gets.
  public var granularity: Granularity
  /// What a selector looks at: statistics of each channel.
  public enum Feature: String, Sendable, Codable, CaseIterable {
    /// The mean over the sampled positions.
    case mean
    /// The standard deviation over the sampled positions.
    case deviation
  }

  /// What a selector looks at.
  public var features: [Feature]
  /// Features are taken on a grid of this many rows and columns of positions, from values rounded
  /// to 8 bits.
  ///
  /// Over all positions in float32 they would cost as much as a whole W3A3 ResNet-20 (methods.md
  /// 11).
  public var positions: Int
  /// The width of a hidden ReLU layer, 0 for a linear selector.
  public var hidden: Int
  /// The point the per-image decision is taken at, counted among the student's quantized outputs.
  public var point: Int

  /// Makes a selector; the per-image one has a small hidden layer unless told otherwise.
  public init(
    _ granularity: Granularity, features: [Feature]? = nil, positions: Int? = nil,
    hidden: Int? = nil, point: Int? = nil
  ) {
    self.granularity = granularity
    let usual: [Feature] = granularity == .perLayer ? [.deviation] : [.mean, .deviation]
    self.features = Feature.allCases.filter { (features ?? usual).contains($0) }
    self.positions = positions ?? (granularity == .perLayer ? 4 : 8)
    self.hidden = hidden ?? (granularity == .perLayer ? 0 : 16)
    self.point = point ?? 0
  }

  /// Multiply-accumulate operations on 8-bit values for the features of a map with `channels`
  /// channels: one product with 1 (the sum) and, for deviations, one square per value.
  package func featureMACs(channels: Int, height: Int, width: Int) -> Int {
    (features.contains(.deviation) ? 2 : 1) * channels * min(positions, height)
      * min(positions, width)
  }

  /// Multiply-accumulate operations in float32 for the logits.
  package func logitMACs(features: Int, candidates: Int) -> Int {
    hidden == 0 ? features * candidates : (features + candidates) * hidden
  }

  /// The number of features of a map with `channels` channels.
  package func featureCount(channels: Int) -> Int { features.count * channels }
}
