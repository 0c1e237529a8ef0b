import DFQGraph
import DFQTensor

/// The losses of one pass: it evaluates the objectives of a request image by image, completes
/// gradients with theirs and the quantizers', and keeps every value at a place of its own.
///
/// The ``StepRunner`` calls ``complete(_:image:group:)`` before it uses a gradient. Threads write at
/// places that no two of them share.
final class LossAccumulator: @unchecked Sendable {
  let request: PassRequest
  let plan: Plan
  let kernels: Kernels
  let transform: (any ActivationTransform)?
  let batch: Int
  /// The moments of the pass, and the gradients of losses on them.
  var moments: PassMoments
  /// By objective and image.
  let losses: UnsafeMutableBufferPointer<Double>
  /// By per-image moment objective and image.
  let imageMomentLosses: UnsafeMutableBufferPointer<Double>
  var momentLosses: [Double]
  /// The gradient of the objectives on the batch's moments, by objective.
  var momentGradients: [ChannelAffine?]
  /// The objectives of each node.
  let imageObjectivesByNode: [[Int]]
  let momentObjectivesByNode: [[Int]]
  /// The gradient at the images, N H W C.
  let imageGradient: FloatBuffer?
  /// In training: what is added to the gradient at a node before it is used.
  var correction: Correction?

  /// A gradient offset[c] + slope[c] * x of channels.
  typealias ChannelAffine = (offset: [Float], slope: [Float])

  /// The part of a batch norm's gradient that comes through the moments of the batch.
  struct Correction {
    /// The normalization's input.
    let node: Int
    let gradient: ChannelAffine
  }

  init(_ request: PassRequest, runner: StepRunner, batch: Int) {
    self.request = request
    self.batch = batch
    plan = runner.plan
    kernels = runner.context.kernels
    transform = runner.transform
    losses = .allocate(capacity: request.imageObjectives.count * batch)
    losses.initialize(repeating: 0)
    imageMomentLosses = .allocate(capacity: request.momentObjectives.count * batch)
    imageMomentLosses.initialize(repeating: 0)
    momentLosses = [Double](repeating: 0, count: request.momentObjectives.count)
    momentGradients = .init(repeating: nil, count: request.momentObjectives.count)
    let nodes = plan.counts.count
    func byNode(_ observed: [Int]) -> [[Int]] {
      var lists = [[Int]](repeating: [], count: nodes)
      for (index, node) in observed.enumerated() { lists[node].append(index) }
      return lists
    }
    imageObjectivesByNode = byNode(request.imageObjectives.map(\.node))
    momentObjectivesByNode = byNode(request.momentObjectives.map(\.node))
    moments = PassMoments([], plan: plan, shards: 0)
    imageGradient = request.imageGradient ? FloatBuffer(batch * plan.count(0)) : nil
  }

  deinit {
    losses.deallocate()
    imageMomentLosses.deallocate()
  }

  // MARK: Moments of the batch

  /// The losses on the batch's moments, and their gradients.
  func evaluateMoments(_ objectives: [Int], reduction: Reduction) {
    for index in objectives {
      let objective = request.momentObjectives[index]
      let (mean, variance, count) = moments.reduced(objective.node, reduction)
      let loss = objective.evaluate(mean: mean, variance: variance, count: count)
      momentLosses[index] = loss.value
      let gradient = loss.affine(mean: mean, count: count, scale: Double(objective.weight))
      momentGradients[index] = gradient
      if momentObjectivesByNode[objective.node].count == 1, plan.endsInNormalization(objective.node)
      {
        moments.correct(objective.node, gradient)
      }
    }
  }

  // MARK: Results

  /// Writes the losses into a result.
  func report(to result: inout PassResult, reduction: Reduction) {
    for (index, objective) in request.imageObjectives.enumerated() {
      reduction.gatherImages(losses.baseAddress! + index * batch, count: 1)
      let values = (0..<batch).map { losses[index * batch + $0] }
      let mean = values.reduce(0, +) / Double(batch)
      result.lossesByImage.append(values)
      result.imageLosses.append(mean)
      result.totalLoss += Double(objective.weight) * mean
    }
    for (index, objective) in request.momentObjectives.enumerated() {
      if objective.isPerImage {
        reduction.gatherImages(imageMomentLosses.baseAddress! + index * batch, count: 1)
        let sum = (0..<batch).reduce(0.0) { $0 + imageMomentLosses[index * batch + $1] }
        momentLosses[index] = sum / Double(batch)
      }
      result.totalLoss += Double(objective.weight) * momentLosses[index]
    }
    result.momentLosses = momentLosses
  }
}
