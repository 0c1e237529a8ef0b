import DFQFiles
import DFQEngine
public import DFQGraph
public import DFQTensor

/// A full-precision network in training, step by step, on batches that the caller makes.
///
/// ```swift
/// let session = try TeacherSession(network)
/// for (images, labels) in batches {
///   let result = try session.step(images: images, labels: labels, learningRate: 0.1)
///   print(result.loss)
/// }
/// try session.network.write(to: "network.safetensors")
/// ```
///
/// A session keeps its memory between steps; use it from one task at a time.
public final class TeacherSession {
  /// The network as it is now.
  public private(set) var network: Network
  /// The steps done.
  public private(set) var stepsDone = 0
  /// SGD on weights, with weight decay, and on everything else that learns, without.
  private var groups: [ParameterGroup]
  private let executor: Executor
  private let context: ExecutionContext

  /// What a step gives.
  public struct StepResult: Sendable {
    /// The mean cross entropy, before the update.
    public var loss: Double
    /// The logits N C, before the update.
    public var logits: Tensor
  }

  /// Starts training from a network's parameters; only momentum and weight decay of the
  /// configuration are used.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  public init(
    _ network: Network, configuration: TeacherTrainer.Configuration = .init(),
    context: ExecutionContext = .default
  ) throws {
    try configuration.check()
    self.network = network
    self.context = context
    executor = Executor(plan: Plan(network.graph), context: context)
    let layout = network.parameters.layout
    groups = [true, false].map { decays in
      ParameterGroup(
        decays ? "weights" : "others",
        optimizer: SGD(
          count: layout.count, momentum: configuration.momentum,
          weightDecay: decays ? configuration.weightDecay : 0),
        baseRate: configuration.learningRate, schedule: configuration.schedule,
        ranges: layout.entries
          .filter { $0.role.isLearned && ($0.role == .weight) == decays }.map(\.range))
    }
  }

  /// Takes a step on images N H W C with labels N C, each row summing to 1.
  ///
  /// The pass runs forward and backward with the batch's own statistics, which also move the running
  /// ones.
  ///
  /// - Throws: ``NetworkError/lossNotFinite(what:step:value:)``, and ``NetworkError`` for tensors
  ///   that do not fit the network.
  @discardableResult
  public func step(images: Tensor, labels: Tensor, learningRate: Float) throws -> StepResult {
    let labelShape: Shape = [images.rowCount, network.classCount]
    guard images.rowCount > 0, labels.shape == labelShape else {
      throw TrainingError.imagesDoNotFit(
        expected: "at least one image with labels \(labelShape)",
        found: "\(images.rowCount) images with labels \(labels.shape)")
    }
    let output = network.graph.output
    let response = try executor.run(
      images: images, parameters: network.parameters.values,
      request: .init(
        mode: .training, imageObjectives: [CrossEntropy(labels: labels, node: output)],
        parameterGradient: true, outputs: [output]))
    guard response.totalLoss.isFinite else {
      throw NetworkError.lossNotFinite(
        what: "teacher training", step: stepsDone, value: "\(response.totalLoss)")
    }
    for index in groups.indices {
      try groups[index].step(
        &network.parameters.values, gradient: response.parameterGradient, rate: learningRate,
        step: stepsDone, context: context)
    }
    network.updateStatistics(response.batchStatistics, count: images.rowCount)
    stepsDone += 1
    return StepResult(loss: response.imageLosses[0], logits: response.outputs[0])
  }

  // MARK: Checkpoints

  private static let stepName = "step"

  func checkpoint(_ identity: RunIdentity) throws -> TrainingCheckpoint {
    try network.checkFinite()
    var checkpoint = TrainingCheckpoint(content: try network.file(), identity: identity)
    for group in groups { checkpoint.add(group) }
    checkpoint.counters[Self.stepName] = stepsDone
    return checkpoint
  }

  func restore(_ checkpoint: TrainingCheckpoint, path: String, steps: Int) throws {
    let saved = try Network(
      checkpoint.content, layers: network.graph.nodes.map { type(of: $0.layer) }, path: path)
    guard saved.graph == network.graph else {
      throw checkpoint.bad(
        "a network of \(network.architecture), \(network.imageShape)",
        "\(saved.architecture), \(saved.imageShape)")
    }
    network = saved
    stepsDone = try checkpoint.counter(Self.stepName, in: 0...steps)
    for index in groups.indices { try checkpoint.restore(&groups[index], steps: stepsDone) }
  }
}
