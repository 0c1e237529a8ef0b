public import DFQEngine

/// The gradient inundation of AIT (Choi et al., CVPR 2022): in every step and layer at least a share of
/// the integer weights changes.
///
/// At the small rates of data-free training most weights never reach the threshold to the next code.
/// Each layer l has its own multiplier a_l of at least 1, the smallest of those tried for which the
/// weights cross:
///
/// ```
/// share of codes(w - rate * a_l * d_l) != codes(w)  >=  share * decay of the run      d = step's direction
/// ```
///
/// Multipliers are doubled from 1 until a layer's share is reached, then halved intervals come closer
/// to it. The paper's abstract promises a share that is reached; the official code differs in two
/// ways, see ``variants``.
public struct GradientInundation: UpdateRule {
  /// What names the type in checkpoints.
  public static let kind = "gradient inundation"

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "AIT's steps: in every layer at least a share of the integer weights changes.", cost: 1.3,
    reference: .init(
      "Choi et al.",
      "It's All In the Teacher: Zero-Shot Quantization Brought Closer to the Teacher", "CVPR", 2022),
    formula: "a_l >= 1 with: share of codes(w - rate a_l d_l) unlike codes(w) >= share",
    page: "AIT",
    notes: [
      "In training: updates: [gradient inundation] in recipes, --update in the tool.",
      "Belongs to distillation alone, weight T^2 / C, and no weight decay.",
    ])

  /// What the official code has, and the smaller share of its scripts for ImageNet.
  public static let variants: [String: GradientInundation] = [
    "officialCode": .officialCode,
    "imageNet": GradientInundation(
      share: 1e-4, schedule: .milestones([1 / 7, 3 / 7, 5 / 7], decay: 0.1)),
  ]

  /// What a layer's multiplier multiplies.
  public enum Target: String, Sendable, Codable, CaseIterable {
    /// The gradient, before the optimizer adds it to its velocity.
    case gradient
    /// The step that the optimizer has made; its velocity does not grow.
    case step
  }

  /// Which multiplier is taken of those that were tried.
  public enum Choice: String, Sendable, Codable, CaseIterable {
    /// The smallest that reaches the share.
    case reaching
    /// The last that was tried, which may fall short of the share.
    case last
  }

  /// rho, the share of a layer's integer weights that changes in a step, in 0...1.
  public var share: Double
  /// How the share changes over the run, as a factor.
  public var schedule: LearningRateSchedule
  /// What the multipliers multiply.
  public var target: Target
  /// Which multiplier is taken.
  public var choice: Choice
  /// The number of halvings after the doublings.
  public var halvings: Int
  /// How close to the share, relative to it, the search ends early.
  public var tolerance: Double
  /// The largest multiplier in the first ``limitedSteps``: doublings end above it.
  public var limit: Float
  /// The number of steps in which multipliers are limited to ``limit``; later they are limited to 2^20,
  /// and a layer that does not reach the share with that takes a plain step.
  public var limitedSteps: Int

  /// Makes a rule; the defaults are those of the official scripts for CIFAR, with shares that are
  /// reached.
  ///
  /// The share falls to a tenth in epochs 100, 200 and 300 of 400, the first four of which do not
  /// train the student.
  public init(
    share: Double = 1e-3,
    schedule: LearningRateSchedule = .milestones([96 / 396, 196 / 396, 296 / 396], decay: 0.1),
    target: Target = .gradient, choice: Choice = .reaching, halvings: Int = 5,
    tolerance: Double = 0.01, limit: Float = 100, limitedSteps: Int = 200
  ) {
    self.share = share
    self.schedule = schedule
    self.target = target
    self.choice = choice
    self.halvings = halvings
    self.tolerance = tolerance
    self.limit = limit
    self.limitedSteps = limitedSteps
  }

  /// As the paper says: the gradients are scaled, and the share is reached.
  public static let published = GradientInundation()

  /// As the official code has it: the whole step is scaled, without the velocity, by the last multiplier
  /// that was tried.
  public static let officialCode = GradientInundation(target: .step, choice: .last)

  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  public func check() throws {
    try demand((0...1).contains(share), "a share of changed weights in 0...1", share)
    try schedule.check()
    try demand((0...32).contains(halvings), "halvings in 0...32", halvings)
    try demand((0...1).contains(tolerance), "a tolerance in 0...1", tolerance)
    try demand((1...Self.largest).contains(limit), "a limit in 1...\(Self.largest)", limit)
    try demand(limitedSteps >= 0, "limited steps of at least 0", limitedSteps)
  }

  /// Scales every layer's gradient, where gradients are the target.
  public func gradient(_ gradient: [Float], for update: WeightUpdate) throws -> [Float] {
    guard target == .gradient else { return gradient }
    func scaled(_ multipliers: [Float]) -> [Float] {
      var result = gradient
      for (layer, multiplier) in zip(update.layers, multipliers) where multiplier != 1 {
        for place in layer.weights { result[place] *= multiplier }
      }
      return result
    }
    return scaled(
      try multipliers(for: update) { multipliers, _ in
        try update.values(after: scaled(multipliers))
      })
  }

  /// Scales every layer's step, where steps are the target.
  public func values(_ values: [Float], for update: WeightUpdate) throws -> [Float] {
    guard target == .step else { return values }
    let before = update.values
    var result = values
    func scale(_ place: Int, _ multiplier: Float) {
      for weight in update.layers[place].weights {
        result[weight] =
          multiplier == 1
          ? values[weight] : before[weight] + multiplier * (values[weight] - before[weight])
      }
    }
    let multipliers = try multipliers(for: update) { multipliers, places in
      for place in places { scale(place, multipliers[place]) }
      return result
    }
    for place in multipliers.indices { scale(place, multipliers[place]) }
    return result
  }

  /// The largest multiplier of all.
  static let largest: Float = 1_048_576

  /// The multiplier of every layer; `trial` gives the parameters for multipliers, of which only those
  /// of the named layers differ from the call before.
  ///
  /// All layers are searched at once, so that a trial of the optimizer serves them all.
  func multipliers(
    for update: WeightUpdate, trial: ([Float], [Int]) throws -> [Float]
  ) throws -> [Float] {
    let goal = share * Double(schedule.factor(step: update.step, total: update.stepCount))
    let isLimited = update.step < limitedSteps
    let limit = isLimited ? limit : Self.largest
    var multipliers = [Float](repeating: 1, count: update.layers.count)
    func short(_ places: [Int]) throws -> [Int] {
      let shares = update.changedShares(of: places, in: try trial(multipliers, places))
      return zip(places, shares).filter { $1 < goal }.map(\.0)
    }
    let searched = try short(Array(multipliers.indices))
    var (active, failed) = (searched, Set<Int>())
    while !active.isEmpty {
      for place in active { multipliers[place] *= 2 }
      active = try short(active)
      let over = active.filter { multipliers[$0] > limit || 2 * multipliers[$0] > Self.largest }
      failed.formUnion(over)
      active.removeAll { over.contains($0) }
    }
    if !isLimited { for place in failed { multipliers[place] = 1 } }
    active = searched.filter { isLimited || !failed.contains($0) }
    var low = multipliers.map { $0 / 2 }
    var (high, found) = (multipliers, multipliers)
    for _ in 0..<halvings where !active.isEmpty {
      for place in active { multipliers[place] = (low[place] + high[place]) / 2 }
      let shares = update.changedShares(of: active, in: try trial(multipliers, active))
      var next: [Int] = []
      for (place, reached) in zip(active, shares) {
        let middle = multipliers[place]
        if reached < goal { low[place] = middle } else { high[place] = middle }
        found[place] = choice == .last ? middle : high[place]
        if abs(reached - goal) >= goal * tolerance { next.append(place) }
      }
      active = next
    }
    return found
  }
}
