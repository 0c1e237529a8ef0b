public import DFQGraph
public import DFQTensor

/// The batch of one training step as objectives see it.
public struct ObjectiveBatch: Sendable {
  /// The training step, from 0.
  public let step: Int
  /// The number of steps of the run.
  public let stepCount: Int
  /// The images as the student gets them, after augmentation and mixup, N H W C.
  public let inputs: Tensor
  /// The labels N C, mixed like the images.
  public let labels: Tensor
  /// Whether each image is easy (made towards a one-hot label).
  public let isEasy: [Bool]
  /// The teacher; the student has the same graph.
  public let network: Network
  private let teacherValues: [Int: Tensor]
  /// The student's values by node, once it has run.
  var studentValues: [Int: Tensor] = [:]

  init(
    step: Int, stepCount: Int, batch: TrainingBatch, network: Network, teacherValues: [Int: Tensor]
  ) {
    self.step = step
    self.stepCount = stepCount
    inputs = batch.inputs
    labels = batch.labels
    isEasy = batch.isEasy
    self.network = network
    self.teacherValues = teacherValues
  }

  /// The number of images N.
  public var count: Int { inputs.rowCount }

  /// The position of a layer's node, which an image objective needs.
  ///
  /// - Throws: What ``ObservedLayer/node(in:)`` throws.
  public func node(_ layer: ObservedLayer) throws -> Int { try layer.node(in: network) }

  /// The teacher's values of a layer, N followed by the layer's shape.
  ///
  /// - Throws: ``NetworkError/notObserved(layer:)`` for a layer that is not among the objective's
  ///   ``StudentObjective/teacherLayers(in:)``.
  public func teacher(_ layer: ObservedLayer) throws -> Tensor {
    let node = try node(layer)
    guard let values = teacherValues[node] else {
      throw NetworkError.notObserved(layer: network.graph.nodes[node].name)
    }
    return values
  }

  /// The student's values of a layer, N followed by the layer's shape; only in
  /// ``StudentObjective/lossesAtTeacher(for:)``, before that the student has not run.
  ///
  /// - Throws: ``NetworkError/notObserved(layer:)`` for a layer that is not among the objective's
  ///   ``StudentObjective/studentLayers(in:)``.
  public func student(_ layer: ObservedLayer) throws -> Tensor {
    let node = try node(layer)
    guard let values = studentValues[node] else {
      throw NetworkError.notObserved(layer: network.graph.nodes[node].name)
    }
    return values
  }
}
