import DFQTensor

/// The memory of one call at a time.
final class PredictorMemory: @unchecked Sendable {
  /// One for each thread.
  let arenas: [ImageArena]
  /// The images that continue to the next level or pass.
  var remaining: [Int] = []
  /// The margins of those images.
  var margins: [Float] = []

  init(_ storage: IntegerNetwork.Storage) {
    let threads = storage.pool.threads
    // The first arena is shared by all threads where an image is computed by a team.
    arenas = (0..<threads).map { worker in
      ImageArena(
        storage.levels, threads: worker == 0 ? threads : 1,
        images: storage.levels.map(\.groupSize).max()!)
    }
  }
}
