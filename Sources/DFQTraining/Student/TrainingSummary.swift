import DFQEngine
import DFQGraph
public import DFQQuantization
public import DFQSynthesis

/// What a trained student does with synthetic images: all that can be said of its quality and cost
/// without real ones.
///
/// Agreement on synthetic images compares settings of one method. It is no estimate of accuracy on
/// real images.
public struct TrainingSummary: Sendable, Hashable, Codable {
  /// The number of images that were measured.
  public var imageCount: Int
  /// Whether no training step saw these images.
  public var isHeldOut: Bool
  /// The share of the images that the student classifies as the teacher does.
  public var agreement: Double
  /// The mean BitOPs of an image, the selector included.
  public var meanBitOPs: Double
  /// The MAC-weighted mean activation bits.
  public var meanBits: Double
  /// The mean BitOPs that the budget allows; nil without a budget.
  public var budgetBitOPs: Double?
}

extension DynamicTrainer {
  /// Measures a student on the images that were held out of its training, or on all images where
  /// none were.
  ///
  /// - Throws: As ``calibrate(on:)``.
  public func summary(
    of student: QuantizedNetwork, on images: SyntheticImages
  ) throws -> TrainingSummary {
    let heldOut = try ImageSupply(self, images).heldOut
    let measured = heldOut ?? images
    guard let watcher = try HeldOutWatcher(self, measured) else {
      throw QuantizationError.noImages(what: "a summary")
    }
    let run = try watcher.run(student)
    return TrainingSummary(
      imageCount: measured.count, isHeldOut: heldOut != nil, agreement: watcher.agreement(run),
      meanBitOPs: run.averageBitOPs, meanBits: run.averageBits,
      budgetBitOPs: student.isDynamic
        ? configuration.budget.map { student.bitOPs(meanActivationBits: $0) } : nil)
  }
}
