public import DFQEngine

/// Rounding that is learned block by block from images: AdaRound (Nagel et al., "Up or Down? Adaptive Rounding for
/// Post-Training Quantization", ICML 2020) on the blocks of BRECQ (Li et al., ICLR 2021), with the dropped
/// quantizers of QDrop (Wei et al., ICLR 2022).
///
/// Every weight w has a variable V that decides whether its code is floor(w / s) or the next one. The variables of
/// a block minimize the squared distance of the student's output of the block to the teacher's, on given
/// images, and a penalty that drives every share h(V) to 0 or 1:
///
/// ```
/// w~    = s clip(floor(w / s) + h(V), n, p)
/// h(V)  = clip(sigmoid(V) (ζ - γ) + γ, 0, 1),  ζ = 1.1, γ = -0.1
/// loss  = Σ_c mean (block(w~, x~) - block(w, x))^2 + λ Σ (1 - |2 h(V) - 1|^β)
/// ```
///
/// Blocks are learned in order, so that each one sees what the blocks before it have become. Afterwards the
/// weights are values of their grids: a normal student, which any rounding leaves as it is.
public struct AdaptiveRounding: CataloguedMethod, Codable, Hashable {
  /// Its name in the catalogue.
  public static let kind = "adaptive rounding"

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "AdaRound's codes, learned block by block until the block's output is the teacher's.", cost: 1,
    reference: .init(
      "Nagel et al.", "Up or Down? Adaptive Rounding for Post-Training Quantization", "ICML", 2020),
    formula: "sum_c mean (block(w~) - block(w))^2 + lambda sum (1 - |2 h(V) - 1|^beta)",
    page: "AdaptiveRounding",
    notes: [
      "In training: {adaptiveRounding: {iterations: 1000, rate: 0.01}} in recipes, --adaptive-rounding in the tool."
    ])

  /// ``adaRound``, ``brecq`` and ``genie``, and less work: ``reduced`` and ``demo``.
  public static let variants: [String: AdaptiveRounding] = [
    "adaRound": .adaRound, "brecq": .brecq, "genie": .genie, "reduced": .reduced, "demo": .demo,
  ]

  /// What is learned at once.
  public enum Unit: String, Sendable, Codable, CaseIterable {
    /// A residual block, or a layer where there is none (BRECQ).
    case block
    /// A layer with weights, its batch norm and its activation (AdaRound).
    case layer
  }

  /// What is learned at once.
  public var unit: Unit
  /// The steps of Adam for each unit.
  public var iterations: Int
  /// The images of a step.
  public var imagesPerStep: Int
  /// How many of the images are used, the first ones.
  public var images: Int
  /// Adam's rate on V.
  public var rate: Float
  /// λ, the weight of the penalty.
  public var penalty: Float
  /// The share of the steps, at the start, without penalty.
  public var warmup: Double
  /// β after the warm-up; it falls linearly to ``lastExponent``.
  public var firstExponent: Float
  /// β in the last step.
  public var lastExponent: Float
  /// Whether the activations within a unit are quantized while it is learned.
  public var quantizesActivations: Bool
  /// The share of the elements, drawn anew in every step, that stay in floating point where activations
  /// are quantized, and that the unit's input takes from the teacher; 0 drops no quantizer.
  public var keptShare: Float
  /// Adam's rate on the logarithms of the steps of quantized activations, which falls to 0 along half a cosine; 0
  /// leaves the steps as they are.
  public var stepRate: Float

  /// Makes settings; the defaults are those of QDrop, which learns blocks with dropped quantizers.
  public init(
    unit: Unit = .block, iterations: Int = 20_000, imagesPerStep: Int = 32, images: Int = 1024,
    rate: Float = 1e-3, penalty: Float = 0.01, warmup: Double = 0.2, firstExponent: Float = 20,
    lastExponent: Float = 2, quantizesActivations: Bool = true, keptShare: Float = 0.5,
    stepRate: Float = 4e-4
  ) {
    self.unit = unit
    self.iterations = iterations
    self.imagesPerStep = imagesPerStep
    self.images = images
    self.rate = rate
    self.penalty = penalty
    self.warmup = warmup
    self.firstExponent = firstExponent
    self.lastExponent = lastExponent
    self.quantizesActivations = quantizesActivations
    self.keptShare = keptShare
    self.stepRate = stepRate
  }

  /// Layers, with their inputs from the student and activations in floating point: AdaRound.
  public static let adaRound = AdaptiveRounding(
    unit: .layer, quantizesActivations: false, keptShare: 0, stepRate: 0)
  /// Blocks, with their inputs from the student and activations in floating point: BRECQ.
  public static let brecq = AdaptiveRounding(
    quantizesActivations: false, keptShare: 0, stepRate: 0)
  /// The penalty of Genie's official code (Jeon et al., CVPR 2023), which also learns the steps of weights.
  public static let genie = AdaptiveRounding(penalty: 1)
  /// A twentieth of the published steps at ten times the rates.
  public static let reduced = AdaptiveRounding(iterations: 1000, rate: 0.01, stepRate: 1e-3)
  /// Seconds on a small network: for demonstrations.
  public static let demo = AdaptiveRounding(
    iterations: 100, imagesPerStep: 16, images: 256, rate: 0.05, stepRate: 4e-3)

  private enum Key: CodingKey {
    case unit, iterations, imagesPerStep, images, rate, penalty, warmup, firstExponent, lastExponent
    case quantizesActivations, keptShare, stepRate
  }

  /// Reads settings; those that are absent have their defaults.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    func read<Value: Decodable>(_ key: Key, _ usual: KeyPath<AdaptiveRounding, Value>) throws
      -> Value
    {
      try values.decodeIfPresent(Value.self, forKey: key) ?? AdaptiveRounding()[keyPath: usual]
    }
    unit = try read(.unit, \.unit)
    iterations = try read(.iterations, \.iterations)
    imagesPerStep = try read(.imagesPerStep, \.imagesPerStep)
    images = try read(.images, \.images)
    rate = try read(.rate, \.rate)
    penalty = try read(.penalty, \.penalty)
    warmup = try read(.warmup, \.warmup)
    firstExponent = try read(.firstExponent, \.firstExponent)
    lastExponent = try read(.lastExponent, \.lastExponent)
    quantizesActivations = try read(.quantizesActivations, \.quantizesActivations)
    keptShare = try read(.keptShare, \.keptShare)
    stepRate = try read(.stepRate, \.stepRate)
  }

  /// β in a step; nil in the warm-up, when there is no penalty.
  public func exponent(step: Int) -> Float? {
    let start = warmup * Double(iterations)
    guard Double(step) >= start else { return nil }
    let share = (Double(step) - start) / max(Double(iterations) - start, 1)
    return lastExponent + (firstExponent - lastExponent) * Float(max(0, 1 - share))
  }

  /// Throws where a setting is out of its bounds.
  ///
  /// - Throws: ``QuantizationError/badReconstruction(expected:found:)``.
  public func check() throws {
    func demand(_ holds: Bool, _ expected: String, _ found: some CustomStringConvertible) throws {
      guard holds else {
        throw QuantizationError.badReconstruction(expected: expected, found: found.description)
      }
    }
    let limit = 1 << 30
    for (what, count) in [("images per step", imagesPerStep), ("images", images)] {
      try demand((1...limit).contains(count), "\(what) in 1...\(limit)", count)
    }
    try demand((0...limit).contains(iterations), "iterations in 0...\(limit)", iterations)
    for (what, value) in [("rate", rate), ("rate of steps", stepRate), ("penalty", penalty)] {
      try demand(value.isFinite && value >= 0, "a \(what) of at least 0", value)
    }
    try demand((0...1).contains(warmup), "a warm-up share in 0...1", warmup)
    for exponent in [firstExponent, lastExponent] {
      try demand(exponent.isFinite && exponent >= 1, "exponents of at least 1", exponent)
    }
    try demand((0...1).contains(keptShare), "a kept share in 0...1", keptShare)
  }
}
