import DFQTensor

extension PreparedSamples {
  /// Divides the pixels among the members of a team: each takes those whose windows lie in rows that it computed itself in the
  /// step before.
  ///
  /// It then needs nothing of the others and reads what is in its own cache, and all know the values after the barrier that
  /// ends that step. Without this every member computes all pixels, half of them from codes in the cache of another one. The
  /// shares stay empty where some window lies in rows of two members.
  ///
  /// - Parameters:
  ///   - step: The step whose decision is taken from the pixels.
  ///   - shape: The convolution of that step.
  ///   - previous: The step before.
  ///   - writer: The convolution of the step before.
  ///   - threads: The members of the team.
  ///   - store: Where the shares are kept.
  mutating func divide(
    _ step: Step, shape: ConvolutionShape, after previous: Step, writer: PreparedConvolution,
    threads: Int, store: ConstantStore
  ) {
    guard threads > 1, previous.output == step.input,
      let parts = KernelChoice.ownRows(of: writer, threads: threads)
    else { return }
    let readsResidual = step.ending.residual == previous.output
    var shares: [Share] = []
    var first = 0
    for part in parts {
      let count = pixels.buffer[first...].prefix { pixel in
        let row = Int(pixel) / shape.outputWidth
        let top = row * shape.strideHeight - shape.padTop
        let window = max(top, 0)..<max(min(top + shape.kernelHeight, shape.inputHeight), 1)
        return part.lowerBound <= window.lowerBound && window.upperBound <= part.upperBound
          && (!readsResidual || part.contains(row))
      }.count
      shares.append(Share(first: first, count: count))
      first += count
    }
    if first == pixels.count { self.shares = store.list(shares) }
  }
}
