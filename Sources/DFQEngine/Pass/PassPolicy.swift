import DFQTensor

/// How a pass goes over its batch: what couples the images, which gradients it computes, and what
/// follows from that for every group of images.
struct PassPolicy: Sendable {
  /// What couples the images of a batch.
  enum Coupling: Sendable {
    /// Nothing: each group is computed forward and backward before the next.
    case separate
    /// A loss on the moments of the batch waits for all images once.
    case moments
    /// Every batch norm waits for all images, forward and backward.
    case batchNorm
  }

  let coupling: Coupling
  /// Whether the gradient at the images is wanted.
  let imageGradient: Bool
  /// Whether the gradient at the parameters is wanted.
  let parameterGradient: Bool
  /// Whether quantizers rewrite values.
  let hasTransform: Bool
  /// The images of a group, at most.
  let groupLimit: Int
  /// The images that a thread has memory for.
  let memoryLimit: Int
  /// Whether all threads compute every image together.
  let teamsUp: Bool
  /// Whether the values of the whole batch exceed all caches: those that are not read soon are then
  /// written past them.
  var exceedsCaches = false
  /// Whether the values of a batch that waits for its moments are computed once more afterwards instead of being kept, which needs
  /// memory for one group of every thread and half as much work again.
  var recomputes = false

  init(
    _ request: PassRequest, batch: Int, limit: WinogradPlan.GroupLimit, hasTransform: Bool,
    context: ExecutionContext
  ) {
    let waits = request.momentObjectives.contains { !$0.isPerImage }
    coupling = request.mode == .training ? .batchNorm : waits ? .moments : .separate
    imageGradient = request.imageGradient
    parameterGradient = request.parameterGradient
    self.hasTransform = hasTransform
    groupLimit =
      switch coupling {
      case .separate: request.wantsGradient ? limit.near : limit.inference
      case .moments: limit.coupled
      case .batchNorm: limit.training
      }
    memoryLimit = limit.memory(coupled: coupling != .separate)
    // Threads that are more than the shards would have nothing to do. The bits of a value stay those
    // of one thread: rows are divided where tiles end.
    teamsUp =
      !request.wantsGradient && coupling == .separate && !hasTransform
      && context.backend == .direct && Shards.count(batch: batch) < context.pool.threads
  }

  var wantsGradient: Bool { imageGradient || parameterGradient }

  /// Whether the images wait for each other, so that the values of one are unlikely to be in a cache
  /// when they are read again.
  var isCoupled: Bool { coupling != .separate }

  /// Whether there is memory for the values of every image of the batch.
  var keepsBatch: Bool { isCoupled && !recomputes }

  /// Whether batch norm's statistics are known before the pass: a convolution may then compute the
  /// normalization that follows it.
  var fusesNormalizations: Bool { coupling != .batchNorm }

  /// Whether a convolution may apply the normalization before it to what it reads: where statistics
  /// are known only between the two.
  var absorbsNormalizations: Bool { coupling == .batchNorm && !hasTransform }

  /// Whether values that nobody asked for need not be written.
  var dropsValues: Bool { !wantsGradient }
}
