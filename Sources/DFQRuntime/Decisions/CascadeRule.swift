/// Which images of a cascade continue to the next level.
///
/// Thresholds that were set on synthetic images let other shares of real images continue, because real
/// margins differ. Two rules keep the share, and so the cost, on any images; neither needs labels.
public enum CascadeRule: Sendable, Hashable, Codable {
  /// Images whose margin is below the level's threshold. An answer depends on its image only.
  case threshold
  /// Of every `batch` images in order, those with the smallest margins: as many as the fitted share.
  ///
  /// The cost of every prefix of whole batches is that of the fitted share. An answer depends on the
  /// other images of its batch.
  case ranked(batch: Int)
  /// Images whose margin is below a threshold that follows the images so far: each image that continues
  /// lowers it, each other raises it, so that the fitted share continues.
  ///
  /// `rate` is the step as a part of the fitted threshold, for example 0.02. An answer depends on the
  /// images before it.
  case streaming(rate: Double)
}
