import DFQEngine
package import DFQGraph
package import DFQTensor
import Foundation

/// The executors of a generator and of its teacher, which copies of a source share.
///
/// They hold memory and nothing that learns; the lock keeps two copies from using it at once.
package final class GeneratorExecutors: @unchecked Sendable {
  private let lock = NSLock()
  private let generator: FloatExecutor
  private let teacher: FloatExecutor

  package init(generator: Network, teacher: Network, context: ExecutionContext) {
    self.generator = FloatExecutor(generator, context: context)
    self.teacher = FloatExecutor(teacher, context: context)
  }

  /// The multiply-accumulate operations of a generated image.
  var generatorMacs: Int { generator.network.graph.macs }

  /// The images N H W C of latent vectors, with the batch's own statistics in every batch norm.
  package func images(_ latents: Tensor, parameters: [Float]) throws -> Tensor {
    try lock.withLock {
      try generator.run(
        latents, parameters: parameters,
        request: PassRequest(mode: .training, outputs: [generator.network.graph.output])
      ).outputs[0]
    }
  }

  /// The gradients at latent vectors and parameters, from the one at the images.
  package func gradients(
    _ latents: Tensor, parameters: [Float], images gradient: Tensor
  ) throws -> (latents: Tensor, parameters: [Float]) {
    try lock.withLock {
      let result = try generator.run(
        latents, parameters: parameters,
        request: PassRequest(
          mode: .training,
          imageObjectives: [
            GivenGradient(gradient: gradient, node: generator.network.graph.output)
          ], imageGradient: true, parameterGradient: true))
      return (result.imageGradient ?? Tensor(shape: latents.shape), result.parameterGradient)
    }
  }

  /// Calls `body` with the teacher's executor.
  func withTeacher<Result>(_ body: (FloatExecutor) throws -> Result) rethrows -> Result {
    try lock.withLock { try body(teacher) }
  }
}
