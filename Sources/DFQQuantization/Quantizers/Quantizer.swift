/// How weights and activations become low-bit numbers: bits, grids, range rules, gradients and
/// per-layer rules.
///
/// The default learns its step sizes (LSQ, Esser 2020) from ranges of least squared error;
/// `family(...)` is the quantizer of GDFQ (Xu et al. 2020) and its successors.
public struct Quantizer: Sendable, Codable, Hashable {
  /// The shape of a grid.
  public enum Scheme: String, Sendable, Codable, CaseIterable {
    /// Codes around zero, zero point 0; for values that are never negative, codes 0...2^bits-1.
    case symmetric
    /// Codes between a smallest and a largest value, with a zero point.
    case asymmetric
  }

  /// What shares one scale.
  public enum Granularity: String, Sendable, Codable, CaseIterable {
    /// Every output channel has its own scale (weights).
    case perChannel
    /// The whole tensor has one scale.
    case perTensor
  }

  /// How gradients pass a quantizer.
  public enum Backward: String, Sendable, Codable, CaseIterable {
    /// Unchanged, even where a value was clipped (the published family's straight-through
    /// estimator).
    case identity
    /// Unchanged inside the range, zero where a value was clipped.
    case clipped
  }

  /// The settings of weights, or of activations.
  public struct Part: Sendable, Codable, Hashable {
    /// The shape of the grid.
    public var scheme: Scheme
    /// What shares one scale (activations are always per tensor).
    public var granularity: Granularity
    /// How the range is found.
    public var range: RangeRule
    /// Whether the step size is then learned (LSQ, Esser 2020); the grid is then symmetric.
    public var learnsStep: Bool

    /// Makes settings.
    public init(
      scheme: Scheme, granularity: Granularity, range: RangeRule, learnsStep: Bool = false
    ) {
      self.scheme = scheme
      self.granularity = granularity
      self.range = range
      self.learnsStep = learnsStep
    }
  }

  /// A rule for the layers whose names match.
  ///
  /// A rule on a layer with weights governs its weights and the quantized value that it feeds:
  /// `layer1.0.conv1` governs the activation behind its batch norm. A rule may also name the
  /// quantized value's own node.
  public struct Override: Sendable, Codable, Hashable {
    /// A layer's name, or a pattern with `*` for any characters; the first rule that matches
    /// counts.
    public var pattern: String
    /// The bits of the layer's weights, nil for the quantizer's.
    public var weightBits: Int?
    /// The candidate bits of the value, ascending and each once; nil for the quantizer's.
    public var activationBits: [Int]? {
      didSet { activationBits = activationBits.map(Quantizer.candidates) }
    }
    /// Whether weights and value stay in floating point.
    public var ignored: Bool

    /// Makes a rule.
    public init(
      _ pattern: String, weightBits: Int? = nil, activationBits: [Int]? = nil, ignored: Bool = false
    ) {
      self.pattern = pattern
      self.weightBits = weightBits
      self.activationBits = activationBits.map(Quantizer.candidates)
      self.ignored = ignored
    }

    /// Reads a rule; its candidates become ascending and each once.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        try values.decode(String.self, forKey: .pattern),
        weightBits: try values.decodeIfPresent(Int.self, forKey: .weightBits),
        activationBits: try values.decodeIfPresent([Int].self, forKey: .activationBits),
        ignored: try values.decode(Bool.self, forKey: .ignored))
    }
  }

  /// The bits of weights, 2...8.
  public var weightBits: Int
  /// The bits a selector may choose from for activations, ascending, each once and in 2...8; one
  /// value is static quantization.
  public var activationBits: [Int] {
    didSet { activationBits = Quantizer.candidates(activationBits) }
  }
  /// Whether a layer's weights take the bits chosen for its input instead of `weightBits`.
  ///
  /// This is how DQNet works (Liu et al. 2022). Each bit-width then has its own copy of the rounded weights.
  public var weightsFollowActivations: Bool
  /// The grids of weights.
  public var weights: Part
  /// The grids of activations.
  public var activations: Part
  /// How gradients pass where no step is learned.
  public var backward: Backward
  /// Whether the input image and the classifier's input are quantized too, to 8 bits, and every
  /// other input of a layer to the candidates; by default they stay in floating point as in the
  /// published family.
  public var fullyQuantized: Bool
  /// How weights are rounded to their grids.
  public var rounding: Rounding
  /// Per-layer rules.
  public var overrides: [Override]

  /// Makes a quantizer that learns its step sizes.
  public init(
    weightBits: Int, activationBits: [Int],
    weights: Part = .init(
      scheme: .symmetric, granularity: .perChannel, range: .meanSquaredError, learnsStep: true),
    activations: Part = .init(
      scheme: .symmetric, granularity: .perTensor, range: .meanSquaredError, learnsStep: true),
    backward: Backward = .clipped, fullyQuantized: Bool = false,
    weightsFollowActivations: Bool = false, rounding: Rounding = .nearest,
    overrides: [Override] = []
  ) {
    self.weightBits = weightBits
    self.weightsFollowActivations = weightsFollowActivations
    self.activationBits = Quantizer.candidates(activationBits)
    self.weights = weights
    self.activations = activations
    self.backward = backward
    self.fullyQuantized = fullyQuantized
    self.rounding = rounding
    self.overrides = overrides
  }

  /// The quantizer of GDFQ, Qimera, IntraQ and HAST: asymmetric, weights per channel from their
  /// current extremes, activations per tensor from a bias-corrected moving average of extremes,
  /// identity straight-through gradients.
  public static func family(weightBits: Int, activationBits: [Int]) -> Quantizer {
    Quantizer(
      weightBits: weightBits, activationBits: activationBits,
      weights: .init(scheme: .asymmetric, granularity: .perChannel, range: .minMax),
      activations: .init(
        scheme: .asymmetric, granularity: .perTensor, range: .movingAverage(decay: 0.9)),
      backward: .identity)
  }

  /// Throws unless all bits are in 2...8, there is at least one candidate, and the range rules can
  /// be used.
  ///
  /// - Throws: ``QuantizationError``.
  public func check() throws {
    guard (2...8).contains(weightBits) else {
      throw QuantizationError.bitsOutOfRange(what: "weights", found: weightBits)
    }
    let candidates = [activationBits] + overrides.compactMap(\.activationBits)
    guard !candidates.contains(where: \.isEmpty) else { throw QuantizationError.noCandidates }
    for bits in activationBits + overrides.flatMap({ $0.activationBits ?? [] })
    where !(2...8).contains(bits) {
      throw QuantizationError.bitsOutOfRange(what: "activations", found: bits)
    }
    for bits in overrides.compactMap(\.weightBits) where !(2...8).contains(bits) {
      throw QuantizationError.bitsOutOfRange(what: "weights", found: bits)
    }
    try weights.range.check(of: "weights", isWeights: true)
    try activations.range.check(of: "activations", isWeights: false)
    try rounding.method.check()
    guard !rounding.method.nests || weights.learnsStep || weights.scheme == .symmetric else {
      throw QuantizationError.badRange(
        part: "weights", expected: "a symmetric grid for nested codes", found: "an asymmetric one")
    }
  }

  /// Candidates in ascending order, each once.
  static func candidates(_ bits: [Int]) -> [Int] { Set(bits).sorted() }

  /// The first rule that matches the name of a layer with weights.
  func rule(forWeightsOf layer: String) -> Override? {
    overrides.first { Quantizer.matches($0.pattern, layer) }
  }

  /// The rule of a value: the first that matches the name of its node, or that names a layer that
  /// feeds it and says something about values.
  func rule(forValueOf node: String, fedBy layers: [String]) -> Override? {
    overrides.first { rule in
      if Quantizer.matches(rule.pattern, node) { return true }
      guard rule.ignored || rule.activationBits != nil else { return false }
      return layers.contains { Quantizer.matches(rule.pattern, $0) }
    }
  }

  /// Whether a name matches a pattern in which `*` stands for any characters.
  package static func matches(_ pattern: String, _ name: String) -> Bool {
    let pattern = Array(pattern.utf8)
    let name = Array(name.utf8)
    var (p, n) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, n)
        p += 1
      } else if p < pattern.count, pattern[p] == name[n] {
        p += 1
        n += 1
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        p = last.pattern + 1
        n = last.name + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
