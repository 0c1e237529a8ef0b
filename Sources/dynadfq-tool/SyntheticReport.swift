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
    let sets = try images.holdOut(
      share: trainer.configuration.holdOut, seed: trainer.configuration.seed)
    areHeldOut = sets.heldOut.count > 0 && sets.training.count > 0
    let probe = areHeldOut ? sets.heldOut : images
    let decisions = try student.decisions(ofInputs: probe.images, context: trainer.context)
    let wanted = try FloatExecutor(trainer.teacher, context: trainer.context)
      .logits(ofInputs: probe.images).argmaxOfRows()
    let count = Double(decisions.count)
    self.images = decisions.count
    agreement = Double(zip(decisions, wanted).filter { $0.prediction == $1 }.count) / count
    meanBitOPs = decisions.reduce(0) { $0 + $1.bitOPs } / count
    meanActivationBits = decisions.reduce(0) { $0 + $1.meanBits } / count
  }

  func show() throws {
    let kind = areHeldOut ? "held-out synthetic images" : "synthetic images it was trained on"
    try Output.line(
      "on \(images) \(kind): \(Output.percent(agreement)) % agree with the teacher, "
        + "\(Output.mega(meanBitOPs)) BitOPs, \(Output.bits(meanActivationBits)) bits on average")
  }
}
