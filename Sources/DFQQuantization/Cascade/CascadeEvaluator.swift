public import DFQFiles
import DFQGraph
public import DFQTensor

/// Runs a cascade that no longer changes over sets of images.
///
/// The weights of all levels are rounded once. Rules that look at several images
/// (``CascadeRule/ranked(batch:)``, ``CascadeRule/streaming(rate:)``) go on from call to call, so that a
/// stream of images may come in parts; ``reset()`` begins anew. Use an evaluator from one task at a
/// time.
public final class CascadeEvaluator {
  /// The cascade.
  public let cascade: StudentCascade
  private let evaluators: [StudentEvaluator]
  private var continuations: [CascadeContinuation]

  /// Rounds the weights and prepares execution.
  ///
  /// - Parameters:
  ///   - cascade: The cascade.
  ///   - context: Where it runs.
  ///   - batch: The number of images that are computed at a time, at least 1.
  public init(_ cascade: StudentCascade, context: ExecutionContext = .default, batch: Int = 128) {
    self.cascade = cascade
    evaluators = cascade.levels.map { StudentEvaluator($0, context: context, batch: batch) }
    continuations = cascade.continuations
  }

  /// Forgets the images so far: the next one is the first.
  public func reset() { continuations = cascade.continuations }

  /// Runs normalized inputs N H W C: all at the first level, at each further one those that are not
  /// sure.
  ///
  /// - Returns: What the cascade did with each image.
  /// - Throws: As ``StudentEvaluator/run(_:policy:price:)``.
  public func run(_ inputs: Tensor) throws -> CascadeRun {
    try run(count: inputs.rowCount) { level, images in
      try evaluators[level].run(
        images.count == inputs.rowCount ? inputs : inputs.rows(at: images), policy: .selector)
    }
  }

  /// Runs real images, for evaluation and analysis.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - progress: Called with the number of images done and the most there may be, all levels
  ///     counted.
  /// - Returns: What the cascade did with each image.
  /// - Throws: As ``StudentEvaluator/run(_:policy:progress:)``.
  public func run(
    _ images: any RealImages, progress: ((Int, Int) throws -> Void)? = nil
  ) throws -> CascadeRun {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "evaluation") }
    let (count, levels) = (images.count, evaluators.count)
    return try run(count: count) { level, remaining in
      try evaluators[level].run(RealSubset(images, indices: remaining), policy: .selector) {
        done, _ in try progress?(level * count + done, levels * count)
      }
    }
  }

  private func run(
    count: Int, _ compute: (_ level: Int, _ images: [Int]) throws -> StudentRun
  ) throws -> CascadeRun {
    var result = CascadeRun(count: count, classes: cascade.levels[0].network.classCount)
    var remaining = Array(0..<count)
    for (level, student) in cascade.levels.enumerated() where !remaining.isEmpty {
      let run = try compute(level, remaining)
      result.add(
        run, level: level, of: student, images: remaining, rows: Array(remaining.indices))
      guard level < cascade.thresholds.count else { break }
      remaining = continuations[level].positions(remaining.map { result.margins[$0] }).map {
        remaining[$0]
      }
    }
    return result
  }

  /// Runs every level on all images: what controls are made of.
  package func allLevels(
    _ images: any RealImages, progress: ((Int, Int) throws -> Void)? = nil
  ) throws -> [StudentRun] {
    let (count, levels) = (images.count, evaluators.count)
    return try evaluators.enumerated().map { level, evaluator in
      try evaluator.run(images, policy: .selector) { done, _ in
        try progress?(level * count + done, levels * count)
      }
    }
  }

  /// The run in which each image ends at a given level.
  package func assembled(_ runs: [StudentRun], lastLevels: [Int]) -> CascadeRun {
    var result = CascadeRun(
      count: lastLevels.count, classes: cascade.levels[0].network.classCount)
    for (level, student) in cascade.levels.enumerated() {
      let images = lastLevels.indices.filter { lastLevels[$0] >= level }
      result.add(runs[level], level: level, of: student, images: images, rows: images)
    }
    return result
  }
}
