/// The logical shards of a batch: equal parts of its images, in order.
///
/// Their number depends on the network and the batch only, never on threads or processes. Sums over
/// images are taken within a shard and then over the shards in order, which makes results the same
/// bits for any number of threads and processes.
package struct Shards: Sendable, Hashable {
  /// The images of the batch.
  package let batch: Int
  /// The number of shards.
  package let count: Int

  /// The most shards of any batch.
  package static let limit = 8

  /// Floats of parameters that are many times what stays in a core's cache.
  private static let manyParameters = 1 << 22

  /// The shards of a batch for a network of `parameters` parameters.
  ///
  /// Large networks use fewer, because each shard needs a gradient buffer of its own to clear and
  /// add.
  package init(batch: Int, parameters: Int) {
    self.batch = batch
    count =
      parameters > Shards.manyParameters
      ? min(Shards.limit, max(min(batch, 2), batch / 8)) : Shards.count(batch: batch)
  }

  /// The most shards that any network's batch is split into: at least eight images in each, but four
  /// shards for any batch of four images or more.
  package static func count(batch: Int) -> Int {
    min(limit, max(min(batch, 4), batch / 8))
  }

  /// A shard's images.
  package func images(of shard: Int) -> Range<Int> {
    shard * batch / count..<(shard + 1) * batch / count
  }

  /// The images of several neighbouring shards.
  package func images(of shards: Range<Int>) -> Range<Int> {
    shards.lowerBound * batch / count..<shards.upperBound * batch / count
  }

  /// The shard that an image belongs to.
  func shard(of image: Int) -> Int { image * count / batch }
}
