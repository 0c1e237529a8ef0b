import ArgumentParser
import DFQExperiments
import DynaDFQ

/// Every setting of the quantizer and the selector.
struct QuantizerOptions: ParsableArguments {
  /// Where a quantizer starts from.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case learned, family
  }

  @Option(name: .customLong("weight-bits"), help: "Bits of weights, 2...8. (default: 4)")
  var givenWeightBits: Int?
  @Option(
    name: .customLong("activation-bits"),
    help: "Bits of activations: one number, or the selector's candidates. (default: 3,4,5)")
  var givenActivationBits: String?
  @OptionGroup var allocation: AllocationOptions
  @Option(help: "learned: step sizes are learned. family: min-max ranges as in GDFQ and later.")
  var quantizer = Kind.learned
  @Option(
    help: """
      Activation ranges: minmax, ema, mse, percentile:0.9999 or bn:6. (default: mse, or ema with \
      --quantizer family)
      """)
  var range: String?
  @Flag(help: "Quantize the input image and the classifier's input to 8 bits too.")
  var fullyQuantized = false
  @Flag(help: "A layer's weights take the bits chosen for its input.")
  var weightsFollow = false
  @Option(help: "Rule for layers: PATTERN=BITS, PATTERN=BITS/BITS (weights/output).")
  var override: [String] = []
  @Option(help: "Layers that stay in floating point: a name or a pattern with *.")
  var ignore: [String] = []
  @Option(
    help: """
      Who chooses bits: per-layer, per-image, or another selector that `dynadfq methods` lists, NAME or \
      NAME:KEY=VALUE,KEY=VALUE. (default: per-layer)
      """)
  var selector: String?
  @Option(
    help: """
      Rows and columns of positions the selector looks at. (default: 4 per layer, 8 per image)
      """)
  var positions: Int?
  @Option(
    help: """
      Width of the selector's hidden layer, 0 for a linear one. (default: 0 per layer, 16 per \
      image)
      """)
  var hidden: Int?
  @Option(help: "Quantized output after which the per-image decision is taken. (default: 0)")
  var selectorPoint: Int?

  /// The bits of weights, those of the uniform student where bits are allocated.
  var weightBits: Int { allocation.uniform?.weightBits ?? givenWeightBits ?? 4 }
  private var activationBits: String {
    allocation.uniform.map { "\($0.activationBits)" } ?? givenActivationBits ?? "3,4,5"
  }

  func validate() throws {
    if allocation.uniform != nil {
      try Demand.absent("--weight-bits", givenWeightBits != nil, "with --allocate")
      try Demand.absent("--activation-bits", givenActivationBits != nil, "with --allocate")
    }
    try Demand.range("--weight-bits", weightBits, 2...8)
    try Demand.range("--positions", positions, 1...64)
    try Demand.range("--hidden", hidden, 0...4096)
    try Demand.range("--selector-point", selectorPoint, 0...100_000)
    let hasPoint = PerImageSelector.isCalled(selectorName) || DQNet.isCalled(selectorName)
    try Demand.absent(
      "--selector-point", selectorPoint != nil && !hasPoint,
      "without --selector per-image or dqnet")
    _ = try makeSelector()
    _ = try candidates()
    _ = try makeQuantizer()
  }

  /// The candidates in ascending order.
  func candidates() throws -> [Int] {
    let bits = activationBits.split(separator: ",", omittingEmptySubsequences: false)
      .map { Int($0.trimmingPrefix(" ")) }
    guard bits.allSatisfy({ $0 != nil }) else {
      throw ToolError.usage(
        "--activation-bits takes numbers such as 4 or 3,4,5, found \"\(activationBits)\"")
    }
    let candidates = bits.compactMap { $0 }
    for bits in candidates { try Demand.range("--activation-bits", bits, 2...8) }
    guard Set(candidates).count == candidates.count else {
      throw ToolError.usage("--activation-bits \(activationBits) names a candidate twice")
    }
    return candidates.sorted()
  }

  /// The quantizer, with one number of bits where `fixed` is given.
  func makeQuantizer(fixed: Int? = nil) throws -> Quantizer {
    let candidates = try fixed.map { [$0] } ?? candidates()
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
    let bits =
      parts.count == 2
      ? parts[1].split(separator: "/", omittingEmptySubsequences: false).map { Int($0) } : []
    guard (1...2).contains(bits.count), bits.allSatisfy({ $0 != nil }) else {
      throw ToolError.usage("--override takes PATTERN=BITS or PATTERN=BITS/BITS, not \(text)")
    }
    for bits in bits { try Demand.range("--override \(text)", bits, 2...8) }
    return .init(
      String(parts[0]), weightBits: bits[0], activationBits: bits.count == 2 ? [bits[1]!] : nil)
  }

  private static func range(_ text: String) throws -> RangeRule {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let number = parts.count == 2 ? Float(parts[1]) : nil
    switch (parts.first, number, parts.count) {
    case ("minmax", nil, 1): return .minMax
    case ("ema", nil, 1): return .movingAverage(decay: 0.9)
    case ("mse", nil, 1): return .meanSquaredError
    case ("percentile", let share?, 2) where (0.5..<1).contains(share): return .percentile(share)
    case ("bn", let reach?, 2) where reach > 0 && reach <= 1000:
      return .batchNormStatistics(deviations: reach)
    default:
      throw ToolError.usage(
        "--range takes minmax, ema, mse, percentile:0.5...1 or bn:DEVIATIONS (up to 1000), "
          + "found \"\(text)\"")
    }
  }

  private var selectorParts: [Substring] {
    (selector ?? PerLayerSelector.kind)
      .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
  }

  private var selectorName: String { String(selectorParts[0]) }

  func makeSelector() throws -> BitSelector {
    let settings = selectorParts.count == 2 ? selectorParts[1].split(separator: ",") : []
    let options = [("positions", positions), ("hidden", hidden), ("point", selectorPoint)]
    let given = options.compactMap { name, value in value.map { "\(name)=\($0)" } }
    return try SelectorSettings.selector(
      named: selectorName,
      settings: (settings.map(String.init) + given).map {
        try SettingNode.assignment(
          $0, at: .init(line: 0, path: "--selector \(selector ?? selectorName)"))
      })
  }

  /// The first option of a selector that was given, for static students.
  var givenSelector: String? {
    let options: [(String, Bool)] = [
      ("--selector", selector != nil), ("--positions", positions != nil),
      ("--hidden", hidden != nil), ("--selector-point", selectorPoint != nil),
      ("--weights-follow", weightsFollow),
    ]
    return options.first { $0.1 }?.0
  }
}
