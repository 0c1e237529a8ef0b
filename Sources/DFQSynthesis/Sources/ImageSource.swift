public import DFQTensor

/// Supplies the images that a student is trained on: a stored set, or a generator that makes images
/// while the student learns.
///
/// Every source in this package makes its images from only a network. A source of your own is your
/// own code: nothing prevents it from reading real images, and a student that is trained on such a
/// source is no longer data-free.
///
/// A batch must depend only on the step, the seed and ``state``, so that a resumed run sees
/// the same images.
public protocol ImageSource: Sendable {
  /// What names the source in checkpoints and provenance; two sources with equal identities must
  /// supply equal batches.
  var identity: String { get throws }
  /// The shape of one image, H W C.
  var imageShape: Shape { get }
  /// The number of classes C.
  var classCount: Int { get }

  /// Supplies the images of one training step.
  mutating func batch(step: Int, count: Int, seed: UInt64) throws -> SyntheticBatch

  /// Lets the source learn from a training step, after ``batch(step:count:seed:)`` of the same step.
  ///
  /// The default does nothing.
  mutating func learn(_ feedback: SourceFeedback) throws

  /// What changes while the source learns, by name; a checkpoint saves it.
  ///
  /// The default is empty.
  var state: [String: Tensor] { get set }
}

extension ImageSource {
  /// Does nothing: the source does not learn.
  public mutating func learn(_ feedback: SourceFeedback) throws {}

  /// Empty: the source has no state.
  public var state: [String: Tensor] {
    get { [:] }
    set {}
  }
}
