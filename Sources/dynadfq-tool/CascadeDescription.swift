import DynaDFQ

/// The levels of a cascade: what each costs and which images go on from it.
struct CascadeDescription: Encodable {
  struct Level: Encodable {
    var weightBits: Int
    var activationBits: [Int]
    /// BitOPs of an image at the most activation bits.
    var bitOPs: Double
    /// The margin below which an image continues, and the share that did on synthetic images; nil for
    /// the last level.
    var threshold: Float?
    var share: Double?
  }

  var rule: CascadeRule
  var levels: [Level]

  init(_ cascade: StudentCascade) {
    rule = cascade.rule
    levels = cascade.levels.enumerated().map { level, student in
      let quantizer = student.quantizer
      let isLast = level == cascade.thresholds.count
      return Level(
        weightBits: quantizer.weightBits, activationBits: quantizer.activationBits,
        bitOPs: student.bitOPs(activationBits: quantizer.activationBits.max() ?? 0),
        threshold: isLast ? nil : cascade.thresholds[level],
        share: isLast ? nil : cascade.shares[level])
    }
  }

  func show() throws {
    try Output.line("cascade of \(levels.count) students, rule: \(rule)")
    try Output.table(
      ["level", "weight bits", "activation bits", "BitOPs", "continues below", "share %"],
      levels.enumerated().map { index, level in
        [
          "\(index + 1)", "\(level.weightBits)",
          level.activationBits.map(String.init).joined(separator: ","), Output.mega(level.bitOPs),
          level.threshold.map { Output.short(Double($0)) } ?? "-", Output.percent(level.share),
        ]
      })
  }
}
