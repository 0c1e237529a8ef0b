import DFQEngine
import DFQGraph
import DFQTensor

extension Synthesizer {
  /// The bytes that a run holds at its peak, beside the program and the network: an estimate for losses on batch norm's statistics,
  /// which is what most methods have.
  ///
  /// It follows the context's memory limit: a pass that may not keep its values needs memory for a few images only.
  public var byteCount: Int { restByteCount + passByteCount }

  /// The same run within a number of bytes.
  ///
  /// Passes that would need more compute their values twice instead of keeping them, which gives the same images in up to half as
  /// much time again. Where that is not enough, batches are halved, which gives other images: compare the `imagesPerBatch` of
  /// the result's configuration.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` where not even one image at a time fits.
  public func within(bytes limit: Int) throws -> Synthesizer {
    var configuration = configuration
    while true {
      var context = context
      let whole = try Synthesizer(
        teacher: teacher, method: method, configuration: configuration, context: context)
      context.memoryLimit = max(0, limit - whole.restByteCount)
      let made = try Synthesizer(
        teacher: teacher, method: method, configuration: configuration, context: context)
      if made.byteCount <= limit { return made }
      guard made.largestBatch > 1 else {
        throw SynthesisError.badConfiguration(
          what: "\(made.byteCount) bytes of memory", found: "a limit of \(limit)")
      }
      configuration.imagesPerBatch = (made.largestBatch + 1) / 2
    }
  }

  /// Copies of a batch: images, transformed images, their gradient twice, and Adam's two moments.
  private static let copiesOfBatch = 6

  private var largestBatch: Int { min(configuration.imagesPerBatch, configuration.count) }

  /// What lives beside a pass: all images, twice while batches are put together, and copies of one batch.
  private var restByteCount: Int {
    let images = 2 * configuration.count + Synthesizer.copiesOfBatch * largestBatch
    return MemoryLayout<Float>.stride * images * teacher.imageShape.count
  }

  private var passByteCount: Int {
    let statistics = (try? teacher.batchNormStatistics()) ?? []
    let request = PassRequest(momentObjectives: statistics, imageGradient: true)
    return FloatExecutor.bytes(
      teacher, batch: largestBatch, request: request, context: context)
  }
}
