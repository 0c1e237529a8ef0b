import DFQTestSupport
import DynaDFQ
import Foundation

/// Trainers of a student of the smallest network: seconds each.
enum TinyTrainer {
  static func student(
    bits: [Int] = [2, 3, 4], budget: Double? = nil, threads: Int = 2,
    selector: BitSelector? = nil, objectives: [any StudentObjective] = .standard,
    communicator: any Communicator = SingleProcess(),
    _ change: (inout DynamicTrainer.Configuration) -> Void = { _ in }
  ) throws -> DynamicTrainer {
    var configuration = DynamicTrainer.Configuration(
      budget: budget, steps: 12, imagesPerStep: 8, selectorLearningRate: 0.05, holdOut: 0.1,
      checkpointInterval: 4, seed: 3)
    change(&configuration)
    return DynamicTrainer(
      teacher: try .tinyResNet(), quantizer: Quantizer(weightBits: 3, activationBits: bits),
      selector: selector, objectives: objectives, configuration: configuration,
      context: .init(threads: threads, communicator: communicator))
  }

  static func teacher(
    _ change: (inout TeacherTrainer.Configuration) -> Void = { _ in }
  ) -> TeacherTrainer {
    var configuration = TeacherTrainer.Configuration(
      epochs: 2, imagesPerStep: 16, learningRate: 0.1, shift: 1, flip: false, seed: 1)
    change(&configuration)
    return TeacherTrainer(
      architecture: Architecture(
        .cifarResNet(depth: 8, projection: false), imageShape: [8, 8, 3], classCount: 4),
      configuration: configuration, context: .init(threads: 2))
  }
}

/// What a progress closure throws to end a run.
struct Interruption: Error, Equatable {}

extension QuantizedNetwork {
  /// The bytes of its file.
  func bytes() throws -> [UInt8] { try file().encoded() }
}

/// Removes a file or directory.
func removeFile(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

/// A new directory, for asynchronous tests.
func temporaryDirectory() throws -> String {
  let path = NSTemporaryDirectory() + "/dfq-tests-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  return path
}
