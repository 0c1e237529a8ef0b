/// Runs long work in a detached task, which keeps it off the caller's executor.
///
/// Cancelling the caller's task cancels the detached one.
package func detached<Result: Sendable>(
  _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
  let task = Task.detached { try work() }
  return try await withTaskCancellationHandler {
    try await task.value
  } onCancel: {
    task.cancel()
  }
}
