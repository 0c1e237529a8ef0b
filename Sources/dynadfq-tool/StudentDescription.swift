import DynaDFQ

/// How a student quantizes and chooses bits, and what that costs.
struct StudentDescription: Encodable {
  /// The cost of all layers at one candidate.
  struct Cost: Encodable {
    var activationBits: Int
    var bitOPs: Double
  }

  var quantizer: Quantizer
  var selector: BitSelector?
  var selectorBitOPs: Double
  var selectorParameters: Int
  /// What a bit costs the selector, as calibrated to the budget; nil for a static student.
  var bitPrice: Float?
  /// Each rule and the layers whose weights it governs.
  var rules: [String: [String]]
  var costs: [Cost]
  /// The names of the quantized outputs.
  private let outputs: Set<String>

  private enum CodingKeys: String, CodingKey {
    case quantizer, selector, selectorBitOPs, selectorParameters, bitPrice, rules, costs
  }

  init(_ student: QuantizedNetwork) {
    quantizer = student.quantizer
    outputs = Set(student.quantizedOutputs)
    selector = student.selector
    selectorBitOPs = student.selectorBitOPs
    selectorParameters = student.selectorParameterCount
    bitPrice = student.isDynamic ? student.bitPrice : nil
    rules = Dictionary(
      grouping: student.layers.filter { $0.rule != nil }, by: { $0.rule ?? "" }
    ).mapValues { $0.map(\.name) }
    costs = student.quantizer.activationBits.map {
      Cost(activationBits: $0, bitOPs: student.bitOPs(activationBits: $0))
    }
  }

  func show() throws {
    let bits = quantizer.activationBits.map(String.init).joined(separator: ", ")
    let steps = quantizer.activations.learnsStep ? "learned step sizes" : "ranges"
    try Output.line(
      "student: weights of \(quantizer.weightBits) bits (\(part(quantizer.weights))), activations "
        + "of \(bits) bits (\(part(quantizer.activations))), \(steps)"
        + (quantizer.fullyQuantized ? ", fully quantized" : "")
        + (quantizer.weightsFollowActivations ? ", weights follow their input's bits" : ""))
    for rule in quantizer.overrides {
      let layers = rules[rule.pattern] ?? []
      // A rule of an output by its node's name has no weights.
      let isOutput = layers.isEmpty && rule.weightBits == nil && outputs.contains(rule.pattern)
      try Output.line(
        "rule \(text(rule))"
          + (isOutput
            ? ""
            : "; it took effect on "
              + (layers.isEmpty ? "no weights" : layers.joined(separator: ", "))))
    }
    for cost in costs {
      guard costs.count > 1 || quantizer.overrides.isEmpty else {
        try Output.line("with these rules: \(Output.mega(cost.bitOPs)) BitOPs")
        continue
      }
      try Output.line(
        "all layers at \(cost.activationBits) bits: \(Output.mega(cost.bitOPs)) BitOPs")
    }
    guard selector != nil else { return }
    try Output.line(
      "selector: \(selectorParameters) parameters, \(Output.mega(selectorBitOPs)) BitOPs an image, "
        + "price of a bit \(Output.short(Double(bitPrice ?? 0)))")
  }

  private func part(_ part: Quantizer.Part) -> String {
    "\(part.scheme.rawValue), \(part.granularity.rawValue)"
  }

  private func text(_ rule: Quantizer.Override) -> String {
    var words: [String] = []
    if rule.ignored { words.append("in floating point") }
    if let bits = rule.weightBits { words.append("weights of \(bits) bits") }
    if let bits = rule.activationBits {
      words.append("output of \(bits.map(String.init).joined(separator: ", ")) bits")
    }
    return "\(Output.clean(rule.pattern, limit: 80)): \(words.joined(separator: ", "))"
  }
}
