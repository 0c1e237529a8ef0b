import DFQEngine
import DFQGraph
public import DFQQuantization
public import DFQSynthesis
import DFQTensor

/// The same work off the caller's executor, ended by a cancellation of the caller's task.
extension DynamicTrainer {
  /// Trains a student on a stored set of synthetic images.
  ///
  /// Cancelling the task ends the run after the current step; with `checkpoint`, its state is saved
  /// first.
  ///
  /// - Throws: As `train(on:checkpoint:executionChange:progress:)`.
  public func train(
    on images: SyntheticImages, checkpoint: String? = nil,
    executionChange: ExecutionChange = .refused,
    progress: (@Sendable (TrainingProgress) throws -> Void)? = nil
  ) async throws -> QuantizedNetwork {
    try await detached {
      try self.train(
        on: images, checkpoint: checkpoint, executionChange: executionChange, progress: progress)
    }
  }

  /// Trains a student on a source of synthetic images, such as a generator.
  ///
  /// - Throws: As `train(on:checkpoint:executionChange:progress:)`.
  public func train(
    on source: any ImageSource, checkpoint: String? = nil,
    executionChange: ExecutionChange = .refused,
    progress: (@Sendable (TrainingProgress) throws -> Void)? = nil
  ) async throws -> QuantizedNetwork {
    try await detached {
      try self.train(
        on: source, checkpoint: checkpoint, executionChange: executionChange, progress: progress)
    }
  }
}
