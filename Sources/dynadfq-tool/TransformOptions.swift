import ArgumentParser
import DynaDFQ

/// What is done with the network before it is quantized, and how its weights are rounded.
struct TransformOptions: ParsableArguments {
  /// Ways of rounding.
  enum RoundingKind: String, ExpressibleByArgument, CaseIterable {
    case nearest, squant
  }

  @Option(
    help: """
      Change of the network before it is quantized, without images; repeatable, in order: relu, \
      equalization, bias-absorption, bias-correction, nagel (the last three), spiq, spiq:DEVIATIONS, \
      udfc, udfc:PRUNED-SHARE.
      """)
  var transform: [String] = []
  @Option(help: "Rounding of weights: nearest, or squant (errors cancel in kernels and channels).")
  var rounding = RoundingKind.nearest

  func validate() throws { for transform in try transforms() { try transform.check() } }

  /// The transforms in order.
  func transforms() throws -> [any DataFreeTransform] {
    try transform.flatMap { try TransformOptions.transforms($0) }
  }

  /// Sets the way of rounding.
  func apply(to quantizer: inout Quantizer) {
    switch rounding {
    case .nearest: quantizer.rounding = .nearest
    case .squant: quantizer.rounding = .squant
    }
  }

  private static func transforms(_ text: String) throws -> [any DataFreeTransform] {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let number = parts.count == 2 ? Double(parts[1]) : nil
    switch (parts[0], number, parts.count) {
    case ("relu", nil, 1): return [ReLU6Replacement()]
    case ("equalization", nil, 1): return [Equalization()]
    case ("bias-absorption", nil, 1): return [BiasAbsorption()]
    case ("bias-correction", nil, 1): return [BiasCorrection()]
    case ("nagel", nil, 1): return .nagel
    case ("spiq", nil, 1): return [SPIQ()]
    case ("spiq", let deviations?, 2): return [SPIQ(deviations: deviations)]
    case ("udfc", nil, 1): return [UDFC()]
    case ("udfc", let share?, 2): return [UDFC(pruning: share)]
    default:
      throw ToolError.usage(
        "--transform takes relu, equalization, bias-absorption, bias-correction, nagel, spiq, "
          + "spiq:DEVIATIONS, udfc or udfc:SHARE, found \"\(text)\"")
    }
  }
}
