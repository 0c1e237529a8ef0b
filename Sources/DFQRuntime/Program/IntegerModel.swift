import DFQTensor

/// Everything that an integer network is: the programs of its levels, and what turns pixels into their
/// input and numbers into names.
package struct IntegerModel: Sendable, Equatable {
  /// The programs, cheapest first; one, or the levels of a cascade.
  package var levels: [IntegerProgram]
  /// The logit margin below which an image continues, for each level but the last.
  package var thresholds: [Float]
  /// The share of each level's images that continued when the thresholds were set.
  package var shares: [Double]
  /// Which images continue.
  package var rule: CascadeRule
  /// The mean and the standard deviation of each channel, in units of 0...1; see ``PixelScaling``.
  package var mean: [Float]
  package var standardDeviation: [Float]
  /// The classes' names, or none.
  package var classNames: [String]

  package init(
    levels: [IntegerProgram], thresholds: [Float] = [], shares: [Double] = [],
    rule: CascadeRule = .threshold, mean: [Float], standardDeviation: [Float],
    classNames: [String] = []
  ) {
    self.levels = levels
    self.thresholds = thresholds
    self.shares = shares
    self.rule = rule
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.classNames = classNames
  }

  /// Throws `Flaw` unless all levels are programs for the same images and classes, and the rest fits them.
  func check() throws {
    typealias Flaw = IntegerProgram.Flaw
    guard (1...ProgramLimits.levels).contains(levels.count) else {
      throw Flaw(expected: "1...\(ProgramLimits.levels) levels", found: "\(levels.count)")
    }
    for level in levels { try level.check() }
    let first = levels[0]
    guard
      levels.allSatisfy({
        $0.imageShape == first.imageShape && $0.classCount == first.classCount
      })
    else { throw Flaw(expected: "levels of the same images and classes", found: "others") }
    guard thresholds.count == levels.count - 1, shares.count == thresholds.count,
      thresholds.allSatisfy({ $0.isFinite && $0 >= 0 }),
      shares.allSatisfy({ (0...1).contains($0) })
    else {
      throw Flaw(
        expected: "\(levels.count - 1) thresholds and shares",
        found: "\(thresholds.count) and \(shares.count)")
    }
    switch rule {
    case .threshold: break
    case .ranked(let batch):
      guard (2...65536).contains(batch) else {
        throw Flaw(expected: "a batch of 2...65536 images to rank", found: "\(batch)")
      }
    case .streaming(let rate):
      guard rate > 0, rate <= 1 else {
        throw Flaw(expected: "a rate above 0 and at most 1", found: "\(rate)")
      }
    }
    let channels = first.imageShape[2]
    guard mean.count == channels, standardDeviation.count == channels,
      mean.allSatisfy(\.isFinite), standardDeviation.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw Flaw(
        expected: "\(channels) finite means and positive standard deviations",
        found: "\(mean.count) and \(standardDeviation.count)")
    }
    guard classNames.isEmpty || classNames.count == first.classCount else {
      throw Flaw(expected: "\(first.classCount) names of classes", found: "\(classNames.count)")
    }
  }
}
