import DFQEngine
package import DFQGraph
package import DFQTensor
import Foundation

/// The executors of a generator and of its teacher, which copies of a source share.
///
/// They hold memory and nothing that learns; locks keep two copies from using it at once.
package final class GeneratorExecutors: @unchecked Sendable {
  package let generator: GeneratorExecutor
  private let lock = NSLock()
  private let teacher: FloatExecutor

  package init(generator: Network, teacher: Network, context: ExecutionContext) {
    self.generator = GeneratorExecutor(generator, context: context)
    self.teacher = FloatExecutor(teacher, context: context)
  }

  /// Calls `body` with the teacher's executor.
  func withTeacher<Result>(_ body: (FloatExecutor) throws -> Result) rethrows -> Result {
    try lock.withLock { try body(teacher) }
  }
}
