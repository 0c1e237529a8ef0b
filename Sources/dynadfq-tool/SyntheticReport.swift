import DynaDFQ

/// What a student costs and how well it follows its teacher, on synthetic images that no step has
/// seen; on all of them where none were held out.
struct SyntheticReport: Encodable {
  var images: Int
  var areHeldOut: Bool
  var agreement: Double
  /// The mean over images, selector included.
  var meanBitOPs: Double
  var meanActivationBits: Double

  init(_ student: QuantizedNetwork, trainer: DynamicTrainer, images: SyntheticImages) throws {
    let summary = try trainer.summary(of: student, on: images)
    self.images = summary.imageCount
    areHeldOut = summary.isHeldOut
    agreement = summary.agreement
    meanBitOPs = summary.meanBitOPs
    meanActivationBits = summary.meanBits
  }

  func show() throws {
    let kind = areHeldOut ? "held-out synthetic images" : "synthetic images it was trained on"
    try Output.line(
      "on \(images) \(kind): \(Output.percent(agreement)) % agree with the teacher, "
        + "\(Output.mega(meanBitOPs)) BitOPs, \(Output.bits(meanActivationBits)) bits on average")
  }
}
