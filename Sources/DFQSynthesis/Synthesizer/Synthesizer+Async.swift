import DFQTensor

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
