/// What was decided about bits, image by image, and whether it was needed.
public struct DecisionRecord: Sendable, Equatable {
  /// Whether the answer at the lowest bits (a cascade: of its first level) is not the float network's.
  public let needsBits: [Bool]
  /// Whether the image got more than the lowest bits.
  public let gotMore: [Bool]
  /// The higher, the sooner an image gets more bits: minus the margin at the lowest bits where a margin
  /// decides, else the mean bits that the image got.
  public let scores: [Double]
  /// The Kullback-Leibler divergence of the answer at the lowest bits from the float network's, in
  /// nats; empty where the float network's logits are not known.
  public let divergences: [Double]

  /// Makes a record; all lists have one value for each image, or `divergences` none.
  public init(needsBits: [Bool], gotMore: [Bool], scores: [Double], divergences: [Double]) {
    let count = needsBits.count
    precondition(
      gotMore.count == count && scores.count == count
        && (divergences.isEmpty || divergences.count == count),
      "one value for each image is needed")
    self.needsBits = needsBits
    self.gotMore = gotMore
    self.scores = scores
    self.divergences = divergences
  }
}
