/// Runs work on a thread that no task waits for, and hands a cancellation of the caller on to it.
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
