import DFQGraph
public import DFQTensor

/// Which statistics batch norm uses.
public enum BatchNormMode: Sendable {
  /// The running statistics: as in inference, synthesis and student training.
  case evaluation
  /// The batch's own statistics: as when a teacher is trained.
  case training
}

/// What one pass over a batch is asked for.
public struct PassRequest: Sendable {
  /// Which statistics batch norm uses.
  public var mode = BatchNormMode.evaluation
  /// Per-image losses.
  public var imageObjectives: [any ImageObjective] = []
  /// Losses on per-channel moments.
  public var momentObjectives: [any MomentObjective] = []
  /// Whether dLoss/dImages is wanted.
  public var imageGradient = false
  /// Whether dLoss/dParameters is wanted.
  public var parameterGradient = false
  /// The nodes whose (untransformed) values are returned as batches.
  public var outputs: [Int] = []

  /// Makes a request; by default nothing is asked for.
  public init(
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
public struct PassResult: Sendable {
  /// The mean over the batch of each image objective, in the request's order.
  public var imageLosses: [Double] = []
  /// Each image's value of each image objective.
  public var lossesByImage: [[Double]] = []
  /// Each moment objective's value.
  public var momentLosses: [Double] = []
  /// The sum of all objectives times their weights.
  public var totalLoss = 0.0
  /// dLoss/dImages, N H W C.
  public var imageGradient: Tensor?
  /// dLoss/dParameters in the layout's order (running statistics have gradient 0).
  public var parameterGradient: [Float] = []
  /// The values asked for, N followed by the node's shape.
  public var outputs: [Tensor] = []
  /// In training mode each batch norm's batch mean and biased variance, in the graph's order.
  public var batchStatistics: [(mean: [Double], variance: [Double])] = []
}
