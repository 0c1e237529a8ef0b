import DFQEngine
import DFQGraph
package import DFQTensor

/// A student's activation quantizers and decisions as the executor calls them.
package final class QuantizationTransform: ActivationTransform, @unchecked Sendable {
  package let nodes: [Int]
  let kernels: Kernels
  let counts: [Int]
  /// The weight of each point in the mean of activation bits.
  let shares: [Float]
  /// What the price of a bit is multiplied with, by site and group.
  private let priceScales: [[Float]]
  /// The bits that candidates cost, by site, then group and candidate.
  private let pricedBits: [[Float]]
  /// The statistics of the pass's images, image by image, where decisions read them.
  private var imageFeatures: [Float] = []

  /// The decisions, the same for all states of the student.
  let plan: DecisionPlan
  private(set) var student: QuantizedNetwork
  private(set) var settings = Settings()
  /// The pass's weights.
  private(set) var weights = EffectiveWeights()
  private(set) var memory: PassMemory

  /// What differs from pass to pass.
  struct Settings: Sendable {
    var choice = Choice.selector
    /// Whether gradients reach the selector (and, as the mixture's, all candidates' steps).
    var trainsSelector = false
    /// dLoss/d(MAC-weighted mean bits of one image).
    var budgetSlope: Float = 0
    /// The weight w of CADyQ's w * bits / (mean of bits, without gradient) of each decided output.
    var bitRatio: Float = 0
    /// The seed of Gumbel noise, nil for none.
    var noise: UInt64?

    /// Who chooses the candidates.
    enum Choice: Sendable {
      case selector
      /// The same positions for all images, point by point.
      case row([UInt8])
      /// Positions image by image and point by point.
      case table([UInt8])
    }
  }

  /// The layers whose weights take their input's bits, with the point their input comes from.
  private let following: [Int: Int]

  package func bank(layer: Int, image: Int) -> Int {
    following[layer].map { chosen(image, $0) } ?? 0
  }

  package init(student: QuantizedNetwork, context: ExecutionContext) {
    self.student = student
    plan = student.plan
    following = Dictionary(
      uniqueKeysWithValues: student.placement.layers.filter(\.followsInput).map {
        ($0.node, $0.inputPoint!)
      })
    kernels = context.kernels
    nodes = student.placement.points.map(\.node)
    counts = nodes.map { student.network.graph.nodes[$0].outputShape.count }
    let shares = student.costModel.shares.map(Float.init)
    self.shares = shares
    let map = student.plan.map
    priceScales = map.sites.indices.map { site in
      map.sites[site].groups.indices.map { map.priceScale(site, group: $0, shares: shares) }
    }
    pricedBits = map.sites.indices.map { site in
      map.sites[site].groups.indices.flatMap { group in
        map.sites[site].candidates.indices.map {
          map.pricedBits(site, $0, group: group, shares: shares)
        }
      }
    }
    memory = PassMemory(QuantizationTransform.layout(student, batch: 0, counts: counts))
  }

  private static func layout(
    _ student: QuantizedNetwork, batch: Int, counts: [Int]
  ) -> PassMemory.Layout {
    let plan = student.plan
    return .init(
      batch: batch, shards: Shards.count(batch: batch), points: counts.count,
      candidates: max(student.placement.points.map(\.bits.count).max() ?? 1, plan.candidateLimit),
      decisions: plan.map.slotCount, features: plan.constantCount / 2,
      workspace: plan.workspaceCount, selectorParameters: plan.parameterCount,
      work: 2 * (counts.max() ?? 0))
  }

  /// Prepares a pass over a batch.
  func begin(
    _ student: QuantizedNetwork, weights: EffectiveWeights, images: Tensor, policy: BitPolicy,
    trainsSelector: Bool, budgetSlope: Float, bitRatio: Float = 0, noise: UInt64? = nil
  ) {
    let batch = images.rowCount
    self.student = student
    self.weights = weights
    settings = Settings(
      choice: choice(policy, batch: batch), trainsSelector: trainsSelector,
      budgetSlope: budgetSlope, bitRatio: bitRatio,
      noise: plan.gumbelTemperature == nil ? nil : noise)
    if case .selector = policy.choice { imageFeatures = student.imageFeatures(images) }
    let layout = QuantizationTransform.layout(student, batch: batch, counts: counts)
    if memory.layout != layout { memory = PassMemory(layout) }
    memory.clear()
  }

  private func choice(_ policy: BitPolicy, batch: Int) -> Settings.Choice {
    switch policy.choice {
    case .selector: return .selector
    case .uniform(let bits): return .row(plan.map.positions(for: bits))
    case .outputs(let bits):
      return .row(
        zip(student.outputs, bits).map { output, bits in UInt8(output.candidate(for: bits)) })
    case .table(let table):
      precondition(table.count == batch * nodes.count, "a choice for every image and point")
      return .table(table)
    }
  }

  package func forward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>?, codes: UnsafeMutablePointer<UInt8>?
  ) {
    let choice: Int
    var siteAfter: Int?
    switch settings.choice {
    case .row(let row): choice = Int(row[point])
    case .table(let table): choice = Int(table[image * nodes.count + point])
    case .selector:
      let map = plan.map
      if let site = map.siteAtOutput[point] {
        if map.sites[site].isRounded {
          siteAfter = site
        } else {
          decide(site, image: image, raw: raw)
        }
      }
      choice =
        map.slotOfOutput[point].map { map.candidate(of: point, for: memory.decision(image, $0)) }
        ?? student.placement.points[point].bits.count - 1
    }
    memory.choices[image * nodes.count + point] = UInt8(choice)
    let grid = student.activationGrids[point][choice]
    if let siteAfter { decide(siteAfter, image: image, raw: raw, roundedTo: grid) }
    if let codes {
      kernels.quantizeCodes(
        x: raw, count: counts[point], levelsPerUnit: grid.levelsPerUnit, zero: grid.zero,
        minimum: grid.lowest, maximum: grid.highest, codes: codes, y: output)
    } else if let output {
      kernels.fakeQuantize(
        x: raw, count: counts[point], levelsPerUnit: grid.levelsPerUnit, zero: grid.zero,
        minimum: grid.lowest, maximum: grid.highest, y: output)
    }
  }

  /// The position of the candidate that an image's value at a point was rounded with.
  func chosen(_ image: Int, _ point: Int) -> Int { memory.choice(image, point) }

  /// The features, scores, probabilities and choice of one image at a site.
  private func decide(
    _ site: Int, image: Int, raw: UnsafePointer<Float>, roundedTo grid: Grid? = nil
  ) {
    let entry = plan.entries[site]
    let features = memory.features(image) + entry.featureRange.lowerBound
    let count = entry.featureRange.count
    imageFeatures.withUnsafeBufferPointer { all in
      entry.gather(
        raw, roundedTo: grid, levelsPerUnit: student.featureLevels[entry.site.output],
        kernels: kernels,
        image: plan.image.flatMap { kinds in
          all.baseAddress.map { $0 + image * kinds.statistics.count }
        }, into: features)
    }
    student.selectorConstants.withUnsafeBufferPointer { constants in
      let mean = constants.baseAddress! + entry.constants.lowerBound
      let inverse = mean + count
      for index in 0..<count { features[index] = (features[index] - mean[index]) * inverse[index] }
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: entry.site.scoreCount) { scores in
      scores.initialize(repeating: 0)
      withInput(entry, image: image) { student.selector!.decider.scores($0, into: scores) }
      let candidates = entry.site.candidates.count
      for index in scores.indices {
        let price = student.bitPrice * priceScales[site][index / candidates]
        scores[index] -= price * pricedBits[site][index]
      }
      addNoise(scores, entry, image: image)
      for group in entry.site.groups.indices {
        choose(scores, group: group, entry, image: image)
      }
    }
  }

  /// Takes a group's first largest score; in training, keeps the softmax of its scores.
  private func choose(
    _ scores: UnsafeMutableBufferPointer<Float>, group: Int, _ entry: DecisionPlan.Entry,
    image: Int
  ) {
    let candidates = entry.site.candidates.count
    let slot = entry.firstSlot + group
    let own = UnsafeBufferPointer(
      rebasing: scores[group * candidates..<(group + 1) * candidates])
    var best = 0
    for candidate in 1..<max(candidates, 1) where own[candidate] > own[best] { best = candidate }
    memory.decisions[image * memory.layout.decisions + slot] = UInt8(best)
    guard settings.trainsSelector else { return }
    let kept = memory.probabilities(image, slot)
    for (candidate, probability) in Softmax(own).probabilities.enumerated() {
      kept[candidate] = Float(probability)
    }
  }

  /// (score + noise) / temperature, drawn anew for each image and group of a step.
  private func addNoise(
    _ scores: UnsafeMutableBufferPointer<Float>, _ entry: DecisionPlan.Entry, image: Int
  ) {
    guard settings.trainsSelector, let noise = settings.noise,
      let temperature = plan.gumbelTemperature
    else { return }
    var stream = RandomStream(seed: noise, "gumbel", image, entry.firstSlot)
    for index in scores.indices {
      scores[index] = (scores[index] + Gumbel.draw(&stream)) / temperature
    }
  }

  /// Calls `body` with what the decider sees of an image at a site.
  func withInput<Result>(
    _ entry: DecisionPlan.Entry, image: Int, _ body: (DecisionInput) -> Result
  ) -> Result {
    student.selectorParameters.withUnsafeBufferPointer { parameters in
      body(
        DecisionInput(
          site: entry.site,
          features: .init(
            start: memory.features(image) + entry.featureRange.lowerBound,
            count: entry.featureRange.count),
          parameters: .init(rebasing: parameters[entry.parameters]),
          workspace: .init(
            start: memory.workspace(image) + entry.workspace.lowerBound,
            count: entry.workspace.count)))
    }
  }
}
