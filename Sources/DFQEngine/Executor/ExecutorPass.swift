package import DFQGraph
package import DFQTensor

/// Which statistics batch norm uses.
package enum BatchNormMode: Sendable {
  /// The running statistics: as in inference, synthesis and student training.
  case evaluation
  /// The batch's own statistics: as when a teacher is trained.
  case training
}

/// What one pass over a batch is asked for.
package struct ExecutorRequest: Sendable {
  package var mode = BatchNormMode.evaluation
  /// Per-image losses.
  package var imageObjectives: [any ImageObjective] = []
  /// Losses on per-channel moments.
  package var momentObjectives: [any MomentObjective] = []
  package var imageGradient = false
  package var parameterGradient = false
  /// The nodes whose (untransformed) values are returned as batches.
  package var outputs: [Int] = []

  package init(
    mode: BatchNormMode = .evaluation, imageObjectives: [any ImageObjective] = [],
    momentObjectives: [any MomentObjective] = [], imageGradient: Bool = false,
    parameterGradient: Bool = false, outputs: [Int] = []
  ) {
    self.mode = mode
    self.imageObjectives = imageObjectives
    self.momentObjectives = momentObjectives
    self.imageGradient = imageGradient
    self.parameterGradient = parameterGradient
    self.outputs = outputs
  }

  var wantsGradient: Bool { imageGradient || parameterGradient }
}

/// What one pass over a batch gave.
package struct ExecutorResponse: Sendable {
  /// The mean over the batch of each image objective, in the request's order.
  package var imageLosses: [Double] = []
  /// Each image's value of each image objective.
  package var lossesByImage: [[Double]] = []
  /// Each moment objective's value.
  package var momentLosses: [Double] = []
  /// The sum of all objectives times their weights.
  package var totalLoss = 0.0
  /// dLoss/dImages, N H W C.
  package var imageGradient: Tensor?
  /// dLoss/dParameters in the layout's order (running statistics have gradient 0).
  package var parameterGradient: [Float] = []
  /// The values asked for, N followed by the node's shape.
  package var outputs: [Tensor] = []
  /// In training mode each batch norm's batch mean and biased variance, in the graph's order.
  package var batchStatistics: [(mean: [Double], variance: [Double])] = []
}
