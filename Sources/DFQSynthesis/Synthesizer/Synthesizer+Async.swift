extension Synthesizer {
  /// Synthesizes all images away from the caller's executor; see
  /// `synthesize(checkpoint:progress:)`.
  ///
  /// Cancelling the calling task ends the run at its next step with `CancellationError`; batches in
  /// the checkpoint stay.
  ///
  /// - Throws: The same as the variant that waits.
  public func synthesize(
    checkpoint folder: String? = nil,
    progress: (@Sendable (SynthesisProgress) throws -> Void)? = nil
  ) async throws -> SyntheticImages {
    try await detached { try self.synthesize(checkpoint: folder, progress: progress) }
  }
}

/// Runs long work on a task of its own and hands a cancellation on to it.
func detached<Result: Sendable>(
  _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
  let task = Task.detached { try work() }
  return try await withTaskCancellationHandler {
    try await task.value
  } onCancel: {
    task.cancel()
  }
}
