public import DFQGraph
import DFQQuantization
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
  private let student: QuantizedNetwork
  private let studentWeights: EffectiveWeights
  /// The student's values by node, once it has run.
  var studentValues: [Int: Tensor] = [:]

  init(
    step: Int, stepCount: Int, batch: TrainingBatch, network: Network,
    teacherValues: [Int: Tensor], student: QuantizedNetwork, studentWeights: EffectiveWeights
  ) {
    self.step = step
    self.stepCount = stepCount
    inputs = batch.inputs
    labels = batch.labels
    isEasy = batch.isEasy
    self.network = network
    self.teacherValues = teacherValues
    self.student = student
    self.studentWeights = studentWeights
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

  /// The weights and the bias of the student's classifier, its last linear layer, as the student computes
  /// with them: rounded to their grid, at the highest width where there are several.
  ///
  /// - Throws: ``NetworkError/missingLayers(what:why:)`` for a network without a linear layer.
  public func studentClassifier() throws -> (weight: Tensor, bias: [Float]) {
    let own = try student.network.classifier()
    let parameters = student.network.parameters
    guard let entry = parameters.layout.entry(node: own.node, .weight) else {
      return (own.weight, own.bias)
    }
    let start =
      studentWeights.values.count - parameters.values.count + entry.range.lowerBound
    return (
      Tensor(
        shape: own.weight.shape,
        elements: Array(studentWeights.values[start..<start + entry.range.count])), own.bias
    )
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
