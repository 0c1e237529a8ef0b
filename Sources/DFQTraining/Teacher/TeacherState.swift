import DFQFiles
package import DFQEngine
package import DFQGraph
package import DFQTensor
import Foundation

/// Everything of a teacher's training that changes from step to step.
package struct TeacherState {
  package var network: Network
  var optimizer: SGD
  var step = 0
  private let fingerprint: String

  /// The state before the first step from a network's own parameters, of no run in particular.
  package init(_ network: Network, _ configuration: TeacherTrainer.Configuration) {
    fingerprint = ""
    self.network = network
    optimizer = SGD(
      count: network.parameters.layout.count, momentum: configuration.momentum,
      weightDecay: configuration.weightDecay)
  }

  /// A new run's state, or that of a checkpoint; throws `TrainingError.otherRun` where it is
  /// another run's.
  init(
    _ architecture: Architecture, _ images: any RealImages,
    _ configuration: TeacherTrainer.Configuration, checkpoint: String?
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let settings = String(decoding: try encoder.encode(configuration), as: UTF8.self)
    fingerprint = "\(architecture.name) \(images.name) \(images.count) \(settings)"
    network = try architecture.network(seed: configuration.seed)
    optimizer = SGD(
      count: network.parameters.layout.count, momentum: configuration.momentum,
      weightDecay: configuration.weightDecay)
    guard let checkpoint, FileManager.default.fileExists(atPath: checkpoint) else { return }
    let file = try SafetensorsFile(contentsOf: checkpoint)
    guard file.metadata["training.run"] == fingerprint else {
      throw TrainingError.otherRun(path: checkpoint, what: "settings")
    }
    network = try Network(file, architecture: architecture, path: checkpoint)
    optimizer.velocity = try file.tensor(
      "training.velocity", shape: [network.parameters.layout.count]
    ).elements
    let counters = try file.int64s("training.counters")
    guard let saved = counters.first, saved >= 0 else {
      throw TrainingError.otherRun(path: checkpoint, what: "counters")
    }
    step = Int(saved)
  }

  func write(to path: String) throws {
    var file = try network.file()
    file.metadata["training.run"] = fingerprint
    file.add(
      "training.velocity",
      Tensor(shape: [optimizer.velocity.count], elements: optimizer.velocity))
    file.add("training.counters", [1], int64s: [Int64(step)])
    try file.write(to: path)
  }

  /// Takes a step on images N H W C with labels N C.
  ///
  /// Forward and backward with the batch's own statistics, then all updates; throws
  /// `NetworkError.lossNotFinite`.
  package mutating func step(
    images: Tensor, labels: Tensor, rate: Float, executor: Executor,
    _ configuration: TeacherTrainer.Configuration
  ) throws -> PassResult {
    let output = network.graph.output
    let response = try executor.run(
      images: images, parameters: network.parameters.values,
      request: .init(
        mode: .training, imageObjectives: [CrossEntropy(labels: labels, node: output)],
        parameterGradient: true, outputs: [output]))
    guard response.totalLoss.isFinite else {
      throw NetworkError.lossNotFinite(
        what: "teacher training", step: step, value: "\(response.totalLoss)")
    }
    try update(response, rate: rate, configuration, executor.context)
    step += 1
    return response
  }

  /// SGD on everything learned, weight decay on weights alone, and batch norm's running statistics.
  private mutating func update(
    _ response: PassResult, rate: Float, _ configuration: TeacherTrainer.Configuration,
    _ context: ExecutionContext
  ) throws {
    let layout = network.parameters.layout
    for decays in [true, false] {
      optimizer.weightDecay = decays ? configuration.weightDecay : 0
      let ranges = layout.entries.filter {
        $0.role.isLearned && ($0.role == .weight) == decays
      }.map(\.range)
      try optimizer.step(
        &network.parameters.values, gradient: response.parameterGradient, rate: rate,
        ranges: ranges, context: context)
    }
    network.updateStatistics(response.batchStatistics, count: configuration.batch)
  }
}
