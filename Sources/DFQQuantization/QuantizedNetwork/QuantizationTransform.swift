import DFQEngine
import DFQGraph
package import DFQTensor

/// A student's activation quantizers and selectors as the executor calls them.
package final class QuantizationTransform: ActivationTransform, @unchecked Sendable {
  package let nodes: [Int]
  let kernels: Kernels
  let candidates: Int
  let counts: [Int]
  let shares: [Float]
  let deciders: [Int?]

  private(set) var student: QuantizedNetwork
  private(set) var settings = Settings()
  /// The pass's weights.
  private(set) var weights = EffectiveWeights()
  private(set) var memory: PassMemory

  /// What differs from pass to pass.
  struct Settings: Sendable {
    var policy = BitPolicy.selector
    /// Whether gradients reach the selectors (and, as the mixture's, all candidates' steps).
    var trainsSelector = false
    /// dLoss/d(MAC-weighted mean bits of one image).
    var budgetSlope: Float = 0
  }

  /// The layers whose weights take their input's bits, with the point their input comes from.
  private let following: [Int: Int]

  package func bank(layer: Int, image: Int) -> Int {
    following[layer].map { chosen(image, $0) } ?? 0
  }

  package init(student: QuantizedNetwork, context: ExecutionContext) {
    self.student = student
    following = Dictionary(
      uniqueKeysWithValues: student.placement.layers.filter(\.followsInput).map {
        ($0.node, $0.inputPoint!)
      })
    kernels = context.kernels
    nodes = student.placement.points.map(\.node)
    candidates = student.placement.points.map(\.bits.count).max() ?? 1
    counts = nodes.map { student.network.graph.nodes[$0].outputShape.count }
    shares = student.costModel.shares.map(Float.init)
    deciders = nodes.indices.map { student.decider(of: $0) }
    memory = PassMemory(QuantizationTransform.layout(student, batch: 0, counts: counts))
  }

  private static func layout(
    _ student: QuantizedNetwork, batch: Int, counts: [Int]
  ) -> PassMemory.Layout {
    .init(
      batch: batch, lanes: Executor.laneCount(batch), points: counts.count,
      candidates: student.placement.points.map(\.bits.count).max() ?? 1,
      features: student.selectorConstants.count / 2, hidden: student.selector?.hidden ?? 0,
      selectorParameters: student.selectorParameters.count, work: 2 * (counts.max() ?? 0))
  }

  /// Prepares a pass over a batch.
  func begin(
    _ student: QuantizedNetwork, weights: EffectiveWeights, batch: Int, settings: Settings
  ) {
    self.student = student
    self.weights = weights
    self.settings = settings
    let layout = QuantizationTransform.layout(student, batch: batch, counts: counts)
    if memory.layout != layout { memory = PassMemory(layout) }
    memory.clear()
    if case .table(let table) = settings.policy {
      precondition(table.count == batch * nodes.count, "a choice for every image and point")
    }
  }

  package func forward(
    point: Int, image: Int, lane: Int, raw: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>?, codes: UnsafeMutablePointer<UInt8>?
  ) {
    let last = student.placement.points[point].bits.count - 1
    if student.heads[point] != nil, needsDecision { decide(point, image: image, raw: raw) }
    let choice: Int
    switch settings.policy {
    case .uniform(let position): choice = min(position, last)
    case .table(let table): choice = min(Int(table[image * nodes.count + point]), last)
    case .selector:
      if let decider = deciders[point], last > 0 {
        choice =
          decider == point
          ? memory.choice(image, point) : min(memory.choice(image, decider), last)
      } else {
        choice = last
      }
    }
    // A decision for later points stays where it was taken: the point itself keeps its highest
    // candidate.
    if deciders[point] == point || student.heads[point] == nil || !needsDecision {
      memory.choices[image * nodes.count + point] = UInt8(choice)
    }
    let grid = student.activationGrids[point][choice]
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

  private var needsDecision: Bool {
    if case .selector = settings.policy { true } else { false }
  }

  /// The position of the candidate an image's value at a point was rounded with.
  func chosen(_ image: Int, _ point: Int) -> Int {
    let last = student.placement.points[point].bits.count - 1
    if needsDecision, student.heads[point] != nil, deciders[point] != point { return last }
    return min(memory.choice(image, point), last)
  }

  /// The head's features, logits, probabilities and choice for one image.
  private func decide(_ point: Int, image: Int, raw: UnsafePointer<Float>) {
    let head = student.heads[point]!
    let input = memory.features(image) + head.standardization.lowerBound / 2
    student.features[point]!.gather(raw, levelsPerUnit: student.featureLevels[point], into: input)
    let probabilities = memory.probabilities(image, point)
    student.selectorConstants.withUnsafeBufferPointer { constants in
      let mean = constants.baseAddress! + head.standardization.lowerBound
      let inverse = mean + head.features
      for index in 0..<head.features {
        input[index] = (input[index] - mean[index]) * inverse[index]
      }
    }
    student.selectorParameters.withUnsafeBufferPointer {
      head.forward(
        input, parameters: $0.baseAddress!, work: memory.hidden(image, point),
        logits: probabilities)
    }
    let price = student.bitPrice * priceShare(point)
    var best = 0
    for candidate in 0..<head.candidates {
      probabilities[candidate] -= price * Float(bits(point, candidate))
      if probabilities[candidate] > probabilities[best] { best = candidate }
    }
    memory.choices[image * nodes.count + point] = UInt8(best)
    guard settings.trainsSelector else { return }
    let softmax = Softmax(UnsafeBufferPointer(start: probabilities, count: head.candidates))
    for (candidate, probability) in softmax.probabilities.enumerated() {
      probabilities[candidate] = Float(probability)
    }
  }

  /// What a bit costs at a decision, relative to the mean decision.
  func priceShare(_ point: Int) -> Float {
    deciders[point] == point ? shares[point] * Float(nodes.count) : 1
  }

  /// The bits of a decision's candidate.
  func bits(_ point: Int, _ candidate: Int) -> Int {
    deciders[point] == point
      ? student.placement.points[point].bits[candidate]
      : student.quantizer.activationBits[candidate]
  }
}
