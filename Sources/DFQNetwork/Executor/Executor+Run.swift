package import DFQTensor

extension Executor {
  /// Runs one batch N H W C forward and, where gradients are asked for, backward.
  package func run(
    images: Tensor, parameters values: [Float], request: ExecutorRequest
  ) -> ExecutorResponse {
    let batch = images.rowCount
    precondition(images.rowShape == plan.graph.inputShape, "the images do not fit the network")
    let training = request.mode == .training
    let coupled =
      training || request.momentObjectives.contains { !$0.isPerImage }
    reserve(
      batch: batch, coupled: coupled, gradients: request.wantsGradient, training: training)
    prepare(
      values, mode: request.mode, transposing: request.wantsGradient,
      keeping: !request.parameterGradient)
    for lane in lanes.prefix(Executor.laneCount(batch)) where request.wantsGradient {
      if request.parameterGradient { lane.parameterGradient.clear() }
      // Training-mode batch norm needs these sums for the gradient at the images too.
      lane.normGradient.clear()
    }

    let pass = Pass(executor: self, request: request, batch: batch, coupled: coupled)
    images.withUnsafeElements { source in
      pass.images = source.baseAddress
      if training {
        pass.runTraining()
      } else if coupled {
        pass.runCoupled()
      } else {
        pass.runSeparate()
      }
    }
    return pass.response()
  }
}

/// The state of one pass; written by the lanes at places no two of them share.
final class Pass: @unchecked Sendable {
  let executor: Executor
  let request: ExecutorRequest
  let batch: Int
  let coupled: Bool
  var images: UnsafePointer<Float>?
  let plan: Plan
  /// By objective and image.
  let losses: UnsafeMutableBufferPointer<Double>
  /// By per-image moment objective and image.
  let imageMomentLosses: UnsafeMutableBufferPointer<Double>
  var momentLosses: [Double]
  /// The gradient of the coupled moment objectives, by objective.
  var momentGradients: [(offset: [Float], slope: [Float])?]
  let imageObjectivesByNode: [Int: [Int]]
  let momentObjectivesByNode: [Int: [Int]]
  let imageGradient: FloatBuffer?
  let outputs: [FloatBuffer]
  var statistics: [(mean: [Double], variance: [Double])] = []

  init(executor: Executor, request: ExecutorRequest, batch: Int, coupled: Bool) {
    self.executor = executor
    self.request = request
    self.batch = batch
    self.coupled = coupled
    plan = executor.plan
    losses = .allocate(capacity: request.imageObjectives.count * batch)
    losses.initialize(repeating: 0)
    imageMomentLosses = .allocate(capacity: request.momentObjectives.count * batch)
    imageMomentLosses.initialize(repeating: 0)
    momentLosses = [Double](repeating: 0, count: request.momentObjectives.count)
    momentGradients = .init(repeating: nil, count: request.momentObjectives.count)
    imageObjectivesByNode = Dictionary(
      grouping: request.imageObjectives.indices, by: { request.imageObjectives[$0].node })
    momentObjectivesByNode = Dictionary(
      grouping: request.momentObjectives.indices, by: { request.momentObjectives[$0].node })
    imageGradient = request.imageGradient ? FloatBuffer(batch * executor.plan.count(0)) : nil
    outputs = request.outputs.map { [plan] in FloatBuffer(batch * plan.count($0)) }
  }

  deinit {
    losses.deallocate()
    imageMomentLosses.deallocate()
  }

  /// Calls `body` for every group, lane by lane.
  func forEachGroup(_ body: @escaping @Sendable (_ group: ImageGroup) -> Void) {
    let training = request.mode == .training
    executor.context.pool.forEach(Executor.laneCount(batch)) { [self] lane, worker in
      let range = Executor.laneRange(lane, batch: batch)
      for first in stride(from: range.lowerBound, to: range.upperBound, by: executor.groupLimit) {
        let images = first..<min(first + executor.groupLimit, range.upperBound)
        body(
          executor.group(
            images, lane: lane, worker: worker, coupled: coupled, training: training))
      }
    }
  }

  /// Copies a group's images into its arenas.
  func load(_ group: ImageGroup) {
    for image in group.images {
      executor.load(images!, image: image, lane: group.lane, arena: group.values[image])
    }
  }

  /// Keeps the outputs a group was asked for.
  func keepOutputs(_ group: ImageGroup) {
    for image in group.images { keepOutputs(image, group.values[image]) }
  }

  func value(_ node: Int, _ arena: UnsafeMutablePointer<Float>) -> UnsafeBufferPointer<Float> {
    .init(start: arena + plan.valueOffset[node]!, count: plan.count(node))
  }

  func keepOutputs(_ image: Int, _ arena: UnsafeMutablePointer<Float>) {
    for (place, node) in request.outputs.enumerated() {
      let count = plan.count(node)
      (outputs[place].start + image * count).update(
        from: arena + plan.valueOffset[node]!, count: count)
    }
  }
}
