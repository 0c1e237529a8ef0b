import DFQFiles
import DFQGraph
import DFQTensor
internal import Foundation

extension Synthesizer {
  /// Synthesizes all images together with other processes that call this with the same settings and the same folder, on this
  /// machine or on others.
  ///
  /// Each process takes the next batch that nobody has or works on, and stores it in the folder. When all are there, every process
  /// returns the whole set: the same bits as one process alone would make. Processes may come later and go earlier. The batch
  /// of one that is killed is done again by another, and finished batches stay. A method that needs the batches before (IntraQ's
  /// and others') gains nothing from a second process.
  ///
  /// - Parameters:
  ///   - folder: Where finished batches are kept, on a file system that all processes see.
  ///   - progress: Called after every step of this process, and while it waits for others, with the number of finished
  ///     batches in place of the batch's own number.
  /// - Returns: The images of all batches, in order.
  /// - Throws: As `synthesize(checkpoint:progress:)`, and `InterchangeError` where the file system has no locks.
  public func synthesize(
    sharing folder: String, progress: ((SynthesisProgress) throws -> Void)? = nil
  ) throws -> SyntheticImages {
    // A batch is one process's work, on its threads.
    var context = context
    context.communicator = SingleProcess()
    let own = try Synthesizer(
      teacher: teacher, method: method, configuration: configuration, context: context)
    return try own.share(folder, method, progress: progress)
  }

  private func share<Method: SynthesisMethod>(
    _ folder: String, _ method: Method, progress: ((SynthesisProgress) throws -> Void)?
  ) throws -> SyntheticImages {
    let run = try SynthesisRun(self, method)
    let ledger = WorkLedger(directory: folder)
    var batches = [SyntheticImages?](repeating: nil, count: configuration.batchCount)
    var finished: Int { batches.count { $0 != nil } }
    while finished < batches.count {
      var hasGained = false
      for index in batches.indices where batches[index] == nil {
        if method.needsFinishedBatches, batches[..<index].contains(where: { $0 == nil }) { break }
        let kept = SynthesisCheckpoint(folder, index, run.provenance)
        batches[index] = try kept.read()
        if batches[index] == nil, let claim = try ledger.claim("batch-\(index)") {
          try withExtendedLifetime(claim) {
            // Another process may have finished it between the look and the claim.
            batches[index] = try kept.read()
            if batches[index] == nil {
              let done = finished
              let images = try run.images(
                ofBatch: index, finished: batches[..<index].compactMap { $0 }
              ) {
                var report = $0
                report.batch = done
                try progress?(report)
              }
              try kept.write(images)
              batches[index] = images
            }
          }
        }
        hasGained = hasGained || batches[index] != nil
      }
      if !hasGained { try wait(finished, progress) }
    }
    return try whole(batches.compactMap { $0 })
  }

  /// Waits a little for other processes: short against a batch, long against a look at the folder.
  private func wait(_ finished: Int, _ progress: ((SynthesisProgress) throws -> Void)?) throws {
    try Task.checkCancellation()
    try progress?(
      SynthesisProgress(
        batch: finished, batches: configuration.batchCount, step: 0, steps: configuration.steps,
        losses: [], learningRate: 0))
    Thread.sleep(forTimeInterval: 0.05)
  }
}
