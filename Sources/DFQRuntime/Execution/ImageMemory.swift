import DFQTensor

/// The memory in which one thread, or a team of threads, computes an image.
struct ImageMemory {
  /// The image's values.
  let arena: UnsafeMutableRawPointer
  /// One value before it is rounded.
  let raw: UnsafeMutablePointer<Float>
  /// Two places for the pixels that a team computes for decisions.
  let samples: UnsafeMutablePointer<Float>
  /// The floats of each of the two places.
  let sampleCount: Int
  /// What each thread has for itself.
  let own: [Own]

  /// The memory of one thread.
  ///
  /// Every thread of a team takes the same decisions, so that none has to
  /// wait for another one's.
  struct Own {
    /// The candidate at each point.
    let choices: UnsafeMutablePointer<UInt8>
    /// What a decision needs.
    let work: UnsafeMutablePointer<Float>
    let scratch: UnsafeMutableRawPointer
  }

  /// The place of the pixels of one of a level's ``PreparedSamples``.
  func sampled(_ index: Int) -> UnsafeMutablePointer<Float> { samples + index % 2 * sampleCount }
}

/// Owns the memory in which a thread, or a team of threads, computes a group of images.
final class ImageArena: @unchecked Sendable {
  /// For each image of a group: its values and choices are its own, all else is shared.
  let memories: [ImageMemory]
  private let blocks: [FloatBuffer]

  /// - Parameters:
  ///   - levels: The levels that are computed in it.
  ///   - threads: The number of threads that compute an image together.
  ///   - images: The largest number of images of a group.
  init(_ levels: [PreparedLevel], threads: Int, images: Int) {
    func largest(_ size: (PreparedLevel) -> Int) -> Int { levels.map(size).max() ?? 0 }
    var blocks: [FloatBuffer] = []
    func take(_ floats: Int) -> UnsafeMutableRawPointer {
      let block = FloatBuffer(floats)
      blocks.append(block)
      return UnsafeMutableRawPointer(block.start)
    }
    let raw = take(largest(\.rawCount)).assumingMemoryBound(to: Float.self)
    let sampleCount = largest(\.sampleByteCount) / 4
    let samples = take(2 * sampleCount).assumingMemoryBound(to: Float.self)
    let shared = (0..<threads).map { _ in
      (
        work: take(largest(\.workCount)).assumingMemoryBound(to: Float.self),
        scratch: take((largest(\.scratchByteCount) + 3) / 4)
      )
    }
    memories = (0..<images).map { _ in
      ImageMemory(
        arena: take((largest(\.arenaByteCount) + 3) / 4), raw: raw, samples: samples,
        sampleCount: sampleCount,
        own: shared.map { shared in
          ImageMemory.Own(
            choices: take((largest { $0.program.points.count } + 3) / 4)
              .assumingMemoryBound(to: UInt8.self),
            work: shared.work, scratch: shared.scratch)
        })
    }
    self.blocks = blocks
  }
}
