import DFQEngine

/// What a quantized pass keeps for every image and adds up in every shard.
///
/// Several threads write to it, at places no two of them share.
final class PassMemory: @unchecked Sendable {
  /// The candidate at each point, image by image.
  let choices: UnsafeMutableBufferPointer<UInt8>
  /// The candidate of each decision, image by image.
  let decisions: UnsafeMutableBufferPointer<UInt8>
  /// The scores of each decision's candidates, then their probabilities, image by image.
  let probabilities: UnsafeMutableBufferPointer<Float>
  /// The standardized features of all decisions, image by image.
  let features: UnsafeMutableBufferPointer<Float>
  /// What the decisions' scores keep for the backward pass, image by image.
  let workspace: UnsafeMutableBufferPointer<Float>
  /// The gradient at the probabilities of each decision, image by image.
  let decisionGradient: UnsafeMutableBufferPointer<Float>
  /// The gradient of the selectors' parameters, shard by shard.
  private let selectorGradient: ShardSums<Float>
  /// The gradient at the logarithm of each point's and candidate's step, shard by shard.
  private let stepGradient: ShardSums<Double>
  /// The first rows of the two, which are read for every image and point.
  private let selectorRows: UnsafeMutablePointer<Float>
  private let stepRows: UnsafeMutablePointer<Double>
  private let selectorStride: Int
  private let stepStride: Int
  /// Room for two values, shard by shard.
  let work: UnsafeMutableBufferPointer<Float>
  let layout: Layout

  /// How much each image and shard needs.
  struct Layout: Equatable {
    var batch: Int
    var shards: Int
    var points: Int
    /// The most candidates of a point or a decision.
    var candidates: Int
    var decisions: Int
    var features: Int
    var workspace: Int
    var selectorParameters: Int
    var work: Int
  }

  init(_ layout: Layout) {
    self.layout = layout
    func floats(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(count, 1))
      buffer.initialize(repeating: 0)
      return buffer
    }
    func positions(_ count: Int) -> UnsafeMutableBufferPointer<UInt8> {
      let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(count, 1))
      buffer.initialize(repeating: 0)
      return buffer
    }
    choices = positions(layout.batch * layout.points)
    decisions = positions(layout.batch * layout.decisions)
    probabilities = floats(layout.batch * layout.decisions * layout.candidates)
    features = floats(layout.batch * layout.features)
    workspace = floats(layout.batch * layout.workspace)
    decisionGradient = floats(layout.batch * layout.decisions * layout.candidates)
    selectorGradient = ShardSums(shards: layout.shards, count: layout.selectorParameters)
    stepGradient = ShardSums(shards: layout.shards, count: layout.points * layout.candidates)
    (selectorRows, selectorStride) = (selectorGradient.start, selectorGradient.stride)
    (stepRows, stepStride) = (stepGradient.start, stepGradient.stride)
    work = floats(layout.shards * layout.work)
  }

  deinit {
    choices.deallocate()
    decisions.deallocate()
    for buffer in [probabilities, features, workspace, decisionGradient, work] {
      buffer.deallocate()
    }
  }

  /// Forgets the sums of the last pass.
  func clear() {
    decisionGradient.update(repeating: 0)
    selectorGradient.clear()
    stepGradient.clear()
  }

  func choice(_ image: Int, _ point: Int) -> Int { Int(choices[image * layout.points + point]) }

  func decision(_ image: Int, _ site: Int) -> Int {
    Int(decisions[image * layout.decisions + site])
  }

  func probabilities(_ image: Int, _ site: Int) -> UnsafeMutablePointer<Float> {
    probabilities.baseAddress! + (image * layout.decisions + site) * layout.candidates
  }

  func decisionGradient(_ image: Int, _ site: Int) -> UnsafeMutablePointer<Float> {
    decisionGradient.baseAddress! + (image * layout.decisions + site) * layout.candidates
  }

  func workspace(_ image: Int) -> UnsafeMutablePointer<Float> {
    workspace.baseAddress! + image * layout.workspace
  }

  func features(_ image: Int) -> UnsafeMutablePointer<Float> {
    features.baseAddress! + image * layout.features
  }

  func stepGradient(_ shard: Int, _ point: Int) -> UnsafeMutablePointer<Double> {
    stepRows + shard * stepStride + point * layout.candidates
  }

  func selectorGradient(_ shard: Int) -> UnsafeMutablePointer<Float> {
    selectorRows + shard * selectorStride
  }

  func work(_ shard: Int) -> UnsafeMutablePointer<Float> {
    work.baseAddress! + shard * layout.work
  }

  // MARK: Sums over the batch

  /// The gradient at the logarithm of each step, by point and candidate.
  func stepTotals(_ reduction: Reduction, counts: [Int]) -> [[Float]] {
    let total = reduction.total(stepGradient, 0..<stepGradient.count)
    return counts.enumerated().map { point, count in
      let start = point * layout.candidates
      return total[start..<start + count].map { Float($0) }
    }
  }

  /// The gradient of the selectors' parameters.
  func selectorTotal(_ reduction: Reduction) -> [Float] { reduction.floatTotal(selectorGradient) }

  /// Obtains what other processes decided about their images.
  func gather(_ reduction: Reduction) {
    reduction.gatherImages(choices.baseAddress!, count: layout.points)
    reduction.gatherImages(decisions.baseAddress!, count: layout.decisions)
    reduction.gatherImages(features.baseAddress!, count: layout.features)
  }
}
