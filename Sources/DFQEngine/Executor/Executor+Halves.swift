import DFQGraph
package import DFQTensor

/// A pass of training in two halves: between them the caller finds out what the loss is.
///
/// A generator's images are first looked at by other networks, whose gradient is then its loss. In two halves the
/// forward pass is computed once; bits are those of one pass.
extension Executor {
  /// Computes the forward half of a pass of training with gradients, and keeps its values until the next pass.
  ///
  /// - Returns: The outputs that the request names.
  /// - Throws: What ``run(images:parameters:request:)`` throws.
  package func begin(
    images: Tensor, parameters: [Float], request: PassRequest
  ) throws -> [Tensor] {
    precondition(
      request.mode == .training && request.wantsGradient && request.imageObjectives.isEmpty,
      "a pass in two halves is one of training whose losses are given to the second half")
    return try withPass(images: images, parameters: parameters, request: request) { pass in
      pass.begin()
      let outputs = pass.keptOutputs()
      try pass.reduction.check()
      begun = pass
      return outputs
    }
  }

  /// Computes the backward half of the pass that was begun last; nil where another pass has used the memory since.
  ///
  /// - Throws: `NetworkError` where an objective does not fit, and what the objectives' checks throw.
  package func finish(_ objectives: [any ImageObjective]) throws -> PassResult? {
    guard let pass = begun else { return nil }
    for objective in objectives { try check(objective, batch: pass.batch) }
    begun = nil
    pass.finish(objectives)
    return try result(of: pass)
  }
}
