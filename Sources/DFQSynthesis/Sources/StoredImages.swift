public import DFQTensor

/// A stored set as a source: each epoch is a new random order of the set, and batches continue over
/// the end of an epoch.
public struct StoredImages: ImageSource {
  /// The set.
  public let images: SyntheticImages

  /// Makes a source of a set.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for an empty set.
  public init(_ images: SyntheticImages) throws {
    guard images.count > 0 else {
      throw SynthesisError.badImages(
        source: "a stored source", expected: "at least 1 image", found: "0")
    }
    self.images = images
  }

  /// A digest of the images and labels.
  public var identity: String { "stored images \(images.digest)" }
  /// The shape of one image, H W C.
  public var imageShape: Shape { images.images.rowShape }
  /// The number of classes C.
  public var classCount: Int { images.classCount }

  /// The images at the positions of a step.
  public func batch(step: Int, count: Int, seed: UInt64) throws -> SyntheticBatch {
    let positions = try positions(step: step, count: count, seed: seed)
    return SyntheticBatch(
      inputs: images.images.rows(at: positions), labels: images.labels.rows(at: positions),
      isEasy: positions.map { images.isEasy[$0] })
  }

  /// The positions in the set of the images of a step.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for a negative or an excessive step
  ///   or count.
  public func positions(step: Int, count: Int, seed: UInt64) throws -> [Int] {
    let (start, overflow) = step.multipliedReportingOverflow(by: count)
    guard step >= 0, count >= 0, !overflow, count <= SyntheticImages.countLimit,
      start <= Int.max - count
    else {
      throw SynthesisError.badConfiguration(
        what: "a step and a batch of at least 0 whose product is below 2^63",
        found: "step \(step), batch \(count)")
    }
    var result: [Int] = []
    result.reserveCapacity(count)
    var position = start
    while result.count < count {
      var stream = RandomStream(seed: seed, "epoch", position / images.count)
      let order = stream.permutation(images.count)
      let first = position % images.count
      let taken = order[first..<min(first + count - result.count, images.count)]
      result += taken
      position += taken.count
    }
    return result
  }
}
