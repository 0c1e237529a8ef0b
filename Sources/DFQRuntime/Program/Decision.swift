/// A choice of bits for an image while it passes through the network.
///
/// At a point, statistics of the value before or after it is rounded become one score for each candidate; the
/// price of the candidate's bits is subtracted, and the first largest score wins.
package struct Decision: Sendable, Equatable {
  /// The point whose value is looked at.
  package var point: Int
  /// Whether the value is looked at after it is rounded: its codes, on the grid that was chosen for it.
  package var isRounded: Bool
  package var statistics: [ChannelStatistic]
  /// The rows and columns of the grid of sampled positions.
  package var positions: Int
  /// The levels per unit of the 8-bit codes that the statistics are read from, where the value is not rounded.
  package var levels: Float
  /// What is subtracted from the features, and what they are then multiplied with.
  package var means: [Float]
  package var inverseDeviations: [Float]
  /// The width of the hidden layer, 0 for a linear map.
  package var hidden: Int
  package var parameters: [Float]
  /// What each candidate's bits cost, subtracted from its score.
  package var penalties: [Float]
  /// The points whose bits are decided, and for each the positions of their candidates by the
  /// decision's.
  package var governs: [Governed]

  /// A point whose bits are decided.
  package struct Governed: Sendable, Equatable {
    package var point: Int
    package var candidates: [UInt8]

    package init(point: Int, candidates: [UInt8]) {
      self.point = point
      self.candidates = candidates
    }
  }

  package init(
    point: Int, isRounded: Bool = false, statistics: [ChannelStatistic], positions: Int,
    levels: Float, means: [Float], inverseDeviations: [Float], hidden: Int, parameters: [Float],
    penalties: [Float], governs: [Governed]
  ) {
    self.point = point
    self.isRounded = isRounded
    self.statistics = statistics
    self.positions = positions
    self.levels = levels
    self.means = means
    self.inverseDeviations = inverseDeviations
    self.hidden = hidden
    self.parameters = parameters
    self.penalties = penalties
    self.governs = governs
  }

  /// The map from features to scores.
  package var head: HeadArithmetic {
    HeadArithmetic(features: means.count, hidden: hidden, candidates: penalties.count)
  }
}
