import DFQTensor

extension SyntheticImages {
  /// The images at the given positions, in their order.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for a position outside of the set.
  public func subset(_ positions: [Int]) throws -> SyntheticImages {
    if let bad = positions.first(where: { !(0..<count).contains($0) }) {
      throw SynthesisError.badConfiguration(what: "positions in 0..<\(count)", found: "\(bad)")
    }
    return SyntheticImages(
      images: images.rows(at: positions), labels: labels.rows(at: positions),
      isEasy: positions.map { isEasy[$0] }, anchors: positions.map { anchors[$0] },
      difficulty: positions.map { difficulty[$0] }, droppedCount: droppedCount,
      provenance: provenance)
  }

  /// Splits the set at random: `share` (0...1) of it, rounded, is held out and the rest is for
  /// training; both keep the set's order.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for a share outside of 0...1.
  public func holdOut(
    share: Double, seed: UInt64
  ) throws -> (training: SyntheticImages, heldOut: SyntheticImages) {
    guard (0...1).contains(share) else {
      throw SynthesisError.badConfiguration(
        what: "a held-out share in 0...1", found: "\(share)")
    }
    let held = Int((Double(count) * share).rounded())
    var stream = RandomStream(seed: seed, "hold-out")
    let order = stream.permutation(count)
    return (
      try subset(order.dropFirst(held).sorted()), try subset(order.prefix(held).sorted())
    )
  }

  /// Joins sets of one network; the provenance is the first one's.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` where there is no set or the
  ///   sets' shapes differ.
  public static func concatenating(_ sets: [SyntheticImages]) throws -> SyntheticImages {
    func bad(_ expected: String, _ found: String) -> SynthesisError {
      .badImages(source: "sets to be joined", expected: expected, found: found)
    }
    guard let first = sets.first else { throw bad("at least 1 set", "0") }
    for set in sets {
      guard set.images.rowShape == first.images.rowShape else {
        throw bad("images of shape \(first.images.rowShape)", "\(set.images.rowShape)")
      }
      guard set.classCount == first.classCount else {
        throw bad("labels of \(first.classCount) classes", "\(set.classCount)")
      }
    }
    return SyntheticImages(
      images: .concatenating(sets.map(\.images)), labels: .concatenating(sets.map(\.labels)),
      isEasy: sets.flatMap(\.isEasy), anchors: sets.flatMap(\.anchors),
      difficulty: sets.flatMap(\.difficulty),
      droppedCount: sets.reduce(0) { $0 + $1.droppedCount }, provenance: first.provenance)
  }
}
