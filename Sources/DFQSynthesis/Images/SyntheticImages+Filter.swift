extension SyntheticImages {
  /// The set with filtered images; labels and difficulties stay those of the images before.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for a cutoff that is not above 0.
  public func filtered(by filter: LowPassFilter) throws -> SyntheticImages {
    try filter.check()
    var provenance = provenance
    provenance["filter"] = "\(LowPassFilter.kind), cutoff \(filter.cutoff)"
    return SyntheticImages(
      images: try filter.apply(images), labels: labels, isEasy: isEasy, anchors: anchors,
      difficulty: difficulty, droppedCount: droppedCount, provenance: provenance)
  }
}
