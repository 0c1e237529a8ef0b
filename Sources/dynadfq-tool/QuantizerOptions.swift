import ArgumentParser
import DynaDFQ

extension BitSelector.Granularity: ExpressibleByArgument {
  /// Reads `per-layer` or `per-image`.
  public init?(argument: String) {
    switch argument {
    case "per-layer", "perLayer": self = .perLayer
    case "per-image", "perImage": self = .perImage
    default: return nil
    }
  }
}

/// Every knob of the quantizer and the selector.
struct QuantizerOptions: ParsableArguments {
  /// Where a quantizer starts from.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case learned, family
  }

  @Option(help: "Bits of weights, 2...8.")
  var weightBits = 4
  @Option(help: "Bits of activations: one number, or the selector's candidates (3,4,5).")
  var activationBits = "3,4,5"
  @Option(help: "learned: step sizes are learned. family: min-max ranges as in GDFQ and later.")
  var quantizer = Kind.learned
  @Option(help: "Activation ranges: minmax, ema, mse, percentile:0.9999 or bn:6.")
  var range: String?
  @Flag(help: "Quantize the input image and the classifier's input to 8 bits too.")
  var fullyQuantized = false
  @Flag(help: "A layer's weights take the bits chosen for its input.")
  var weightsFollow = false
  @Option(help: "Rule for layers: PATTERN=BITS, PATTERN=BITS/BITS (weights/output).")
  var override: [String] = []
  @Option(help: "Layers that stay in floating point: a name or a pattern with *.")
  var ignore: [String] = []
  @Option(help: "One decision per-layer or per-image.")
  var selector = BitSelector.Granularity.perLayer
  @Option(help: "Rows and columns of positions the selector looks at.")
  var positions: Int?
  @Option(help: "Width of the selector's hidden layer, 0 for a linear one.")
  var hidden: Int?
  @Option(help: "Quantized output after which the per-image decision is taken.")
  var selectorPoint: Int?

  func makeQuantizer() throws -> Quantizer {
    let bits = activationBits.split(separator: ",").map { Int($0.trimmingPrefix(" ")) }
    guard !bits.isEmpty, bits.allSatisfy({ $0 != nil }) else {
      throw ValidationError("--activation-bits takes numbers such as 4 or 3,4,5")
    }
    let candidates = bits.map { $0! }
    var result =
      quantizer == .learned
      ? Quantizer(weightBits: weightBits, activationBits: candidates)
      : .family(weightBits: weightBits, activationBits: candidates)
    if let range { result.activations.range = try QuantizerOptions.range(range) }
    result.fullyQuantized = fullyQuantized
    result.weightsFollowActivations = weightsFollow
    result.overrides =
      try ignore.map { Quantizer.Override($0, ignored: true) } + override.map(rule)
    try result.check()
    return result
  }

  private func rule(_ text: String) throws -> Quantizer.Override {
    let parts = text.split(separator: "=", maxSplits: 1)
    let bits = parts.count == 2 ? parts[1].split(separator: "/").map { Int($0) } : []
    guard (1...2).contains(bits.count), bits.allSatisfy({ $0 != nil }) else {
      throw ValidationError("--override takes PATTERN=BITS or PATTERN=BITS/BITS, not \(text)")
    }
    return .init(
      String(parts[0]), weightBits: bits[0], activationBits: bits.count == 2 ? [bits[1]!] : nil)
  }

  private static func range(_ text: String) throws -> RangeRule {
    let parts = text.split(separator: ":")
    let number = parts.count == 2 ? Float(parts[1]) : nil
    switch (parts.first, number) {
    case ("minmax", nil): return .minMax
    case ("ema", nil): return .movingAverage(decay: 0.9)
    case ("mse", nil): return .meanSquaredError
    case ("percentile", let share?) where (0.5..<1).contains(share): return .percentile(share)
    case ("bn", let reach?) where reach > 0: return .batchNormStatistics(deviations: reach)
    default: throw ValidationError("--range takes minmax, ema, mse, percentile:0.9999 or bn:6")
    }
  }

  func makeSelector() throws -> BitSelector {
    if let positions, !(1...64).contains(positions) {
      throw ValidationError("--positions must be 1...64")
    }
    if let hidden, !(0...4096).contains(hidden) {
      throw ValidationError("--hidden must be 0...4096")
    }
    if let selectorPoint, selectorPoint < 0 {
      throw ValidationError("--selector-point must be at least 0")
    }
    return BitSelector(selector, positions: positions, hidden: hidden, point: selectorPoint)
  }
}
