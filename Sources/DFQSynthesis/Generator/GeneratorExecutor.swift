import DFQEngine
package import DFQGraph
package import DFQTensor
import Foundation

/// Runs a generator, whose batch norms use the batch's own statistics: images forward, and backward from the gradient
/// that other networks have at the images.
///
/// Copies of a value may share it: it holds memory and nothing that learns, and the lock keeps two of them from using
/// it at once. The forward pass of ``images(_:parameters:)`` is not computed again for its gradients, unless something
/// else was computed between the two; the bits are the same.
package final class GeneratorExecutor: @unchecked Sendable {
  private let lock = NSLock()
  private let executor: FloatExecutor
  private let output: Int
  /// What the pass that is begun was made from.
  private var begun: (latents: Tensor, parameters: [Float])?

  package init(_ generator: Network, context: ExecutionContext) {
    executor = FloatExecutor(generator, context: context)
    output = generator.graph.output
  }

  /// The multiply-accumulate operations of a generated image.
  var macs: Int { executor.network.graph.macs }

  /// The images N H W C of latent vectors.
  package func images(_ latents: Tensor, parameters: [Float]) throws -> Tensor {
    try lock.withLock {
      begun = nil
      let images = try executor.begin(latents, parameters: parameters, request: request)[0]
      begun = (latents, parameters)
      return images
    }
  }

  /// The gradients at latent vectors and parameters, from the one at the images.
  package func gradients(
    _ latents: Tensor, parameters: [Float], images gradient: Tensor
  ) throws -> (latents: Tensor, parameters: [Float]) {
    try lock.withLock {
      let objectives = [GivenGradient(gradient: gradient, node: output)]
      var result: PassResult?
      // Comparing the parameters costs nothing where they are the same array.
      if let begun, begun.latents == latents, begun.parameters == parameters {
        result = try executor.finish(objectives)
      }
      begun = nil
      if result == nil {
        var whole = request
        whole.imageObjectives = objectives
        result = try executor.run(latents, parameters: parameters, request: whole)
      }
      let (atLatents, atParameters) = (result?.imageGradient, result?.parameterGradient)
      return (atLatents ?? Tensor(shape: latents.shape), atParameters ?? [])
    }
  }

  private var request: PassRequest {
    PassRequest(mode: .training, imageGradient: true, parameterGradient: true, outputs: [output])
  }
}
