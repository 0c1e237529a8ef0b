package import DFQEngine
import DFQGraph
package import DFQTensor

/// Runs a student, forward and backward: the float executor on rounded weights, with the quantizers
/// on its activations.
package final class StudentExecutor {
  package let executor: Executor
  private let transform: QuantizationTransform
  private let context: ExecutionContext

  /// What a quantized pass gives besides what every pass gives.
  package struct Response {
    package var pass: PassResult
    /// The bits at each point, image by image.
    package var bits: [[Int]]
    /// The position of the chosen candidate at each point, image by image.
    package var choices: [UInt8]
    /// dLoss/dParameters of the shadow weights and everything else in the layout.
    package var parameterGradient: [Float] = []
    /// dLoss/d(log step) of the weights, by layer and channel.
    package var weightStepGradient: [[Float]] = []
    /// dLoss/d(log step) of the activations, by point and candidate.
    package var activationStepGradient: [[Float]] = []
    package var selectorGradient: [Float] = []
  }

  package init(_ student: QuantizedNetwork, observing: Set<Int> = [], context: ExecutionContext) {
    transform = QuantizationTransform(student: student, context: context)
    self.context = context
    executor = Executor(
      plan: Plan(student.network.graph, observing: observing, transforming: transform.nodes),
      context: context, transform: transform, banks: student.placement.banks)
  }

  /// The parameters a student computes with; give them to several passes between which nothing
  /// changes.
  package func effectiveWeights(_ student: QuantizedNetwork) -> EffectiveWeights {
    WeightQuantization(student: student).effective(context)
  }

  /// The standardized features N F that a site's decisions of the last pass were taken from.
  func features(_ site: Int, batch: Int) -> Tensor {
    let range = transform.plan.entries[site].featureRange
    return Tensor(
      shape: [batch, range.count],
      elements: (0..<batch).flatMap { image in
        range.map { transform.memory.features(image)[$0] }
      })
  }

  /// Runs one batch N H W C in one pass.
  ///
  /// A student whose bits are decided between passes takes the most bits unless `policy` says
  /// otherwise. It throws what `Executor.run` throws.
  package func run(
    _ student: QuantizedNetwork, images: Tensor, request: PassRequest,
    policy: BitPolicy = .selector, trainsSelector: Bool = false, budgetSlope: Float = 0,
    bitRatio: Float = 0, selectorNoise: UInt64? = nil,
    effective: EffectiveWeights? = nil
  ) throws -> Response {
    let batch = images.rowCount
    let weights = effective ?? effectiveWeights(student)
    transform.begin(
      student, weights: weights, images: images, policy: policy, trainsSelector: trainsSelector,
      budgetSlope: budgetSlope, bitRatio: bitRatio, noise: selectorNoise)
    let pass = try executor.run(
      images: images, parameters: weights.values, request: request)
    let points = student.placement.points
    let choices = (0..<batch).flatMap { image in
      points.indices.map { UInt8(transform.chosen(image, $0)) }
    }
    var response = Response(
      pass: pass,
      bits: (0..<batch).map { image in
        points.indices.map { points[$0].bits[transform.chosen(image, $0)] }
      }, choices: choices)
    guard request.parameterGradient else { return response }
    let gradient = WeightQuantization(student: student).backward(
      pass.parameterGradient, context: context)
    response.parameterGradient = gradient.parameters
    response.weightStepGradient = gradient.steps
    let reduction = executor.reduction(batch: batch)
    response.activationStepGradient = transform.memory.stepTotals(
      reduction, counts: points.map(\.bits.count))
    response.selectorGradient = transform.memory.selectorTotal(reduction)
    try reduction.check()
    return response
  }
}
