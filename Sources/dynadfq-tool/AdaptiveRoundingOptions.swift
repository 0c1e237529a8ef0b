import ArgumentParser
import DynaDFQ

extension AdaptiveRounding.Unit: @retroactive ExpressibleByArgument {}

/// Rounding that is learned block by block before the first step.
struct AdaptiveRoundingOptions: ParsableArguments {
  @Flag(
    help: """
      Learn the rounding of weights block by block before the first step; with --steps 0 there is \
      nothing else.
      """)
  var adaptiveRounding = false
  @Option(
    help: """
      With --adaptive-rounding: steps for each block. \(Preset.rounding(\.iterations))
      """)
  var blockIterations: Int?
  @Option(
    help: "With --adaptive-rounding: what is learned at once, block or layer. (default: block)")
  var roundingUnit: AdaptiveRounding.Unit?
  @Option(
    help: """
      With --adaptive-rounding: Adam's rate on the variables of the rounding. \
      \(Preset.rounding(\.rate))
      """)
  var roundingRate: Float?
  @Option(
    help: """
      With --adaptive-rounding: the share of activations that stay in floating point in a step. \
      (default: 0.5)
      """)
  var keptShare: Float?

  func validate() throws {
    let given: [(String, Bool)] = [
      ("--block-iterations", blockIterations != nil), ("--rounding-unit", roundingUnit != nil),
      ("--rounding-rate", roundingRate != nil), ("--kept-share", keptShare != nil),
    ]
    for (name, isGiven) in given {
      try Demand.absent(name, isGiven && !adaptiveRounding, "without --adaptive-rounding")
    }
    try Demand.range("--block-iterations", blockIterations, 0...100_000_000)
    try Demand.range("--rounding-rate", roundingRate, 0...1e6)
    try Demand.range("--kept-share", keptShare, 0...1)
  }

  /// The method, nil without the flag.
  func method(_ preset: Preset) -> AdaptiveRounding? {
    guard adaptiveRounding else { return nil }
    var method = preset.adaptiveRounding
    if let blockIterations { method.iterations = blockIterations }
    if let roundingUnit { method.unit = roundingUnit }
    if let roundingRate { method.rate = roundingRate }
    if let keptShare { method.keptShare = keptShare }
    return method
  }
}
