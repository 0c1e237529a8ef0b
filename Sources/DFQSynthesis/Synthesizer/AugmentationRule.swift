public import DFQTensor

/// When images are cropped and flipped while they are synthesized.
public enum AugmentationRule: String, Sendable, Codable, CaseIterable {
  /// In half of the steps, for images of more than 64 rows.
  case automatic
  /// In half of the steps.
  case always
  /// Never.
  case never

  /// Draws a step's crops for a batch N H W C; nil where the step is not augmented.
  ///
  /// One decision holds for the whole batch, as in IntraQ's local object reinforcement (Zhong et
  /// al., CVPR 2022, section 3.2).
  ///
  /// - Throws: As ``Augmentation/init(batch:stream:)``.
  public func draw(batch shape: Shape, stream: inout RandomStream) throws -> Augmentation? {
    guard shape.rank == 4 else {
      throw SynthesisError.badImages(
        source: "augmentation", expected: "images N H W C", found: "\(shape)")
    }
    let augments =
      switch self {
      case .always: true
      case .never: false
      case .automatic: shape[1] > 64
      }
    return augments && stream.uniform() < 0.5
      ? try Augmentation(batch: shape, stream: &stream) : nil
  }
}
