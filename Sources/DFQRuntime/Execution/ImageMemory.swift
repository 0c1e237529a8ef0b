import DFQTensor

/// The memory in which one thread, or a team of threads, computes an image.
struct ImageMemory {
  /// The image's values.
  let arena: UnsafeMutableRawPointer
  /// One value before it is rounded.
  let raw: UnsafeMutablePointer<Float>
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
}

/// Owns the memory of one image for the largest level of a network.
final class ImageArena: @unchecked Sendable {
  let memory: ImageMemory
  private let blocks: [FloatBuffer]

  /// - Parameters:
  ///   - levels: The levels that are computed in it.
  ///   - threads: The number of threads that compute an image together.
  init(_ levels: [PreparedLevel], threads: Int) {
    func largest(_ size: (PreparedLevel) -> Int) -> Int { levels.map(size).max() ?? 0 }
    let values = FloatBuffer((largest(\.arenaByteCount) + 3) / 4)
    let raw = FloatBuffer(largest(\.rawCount))
    var blocks = [values, raw]
    func take(_ floats: Int) -> UnsafeMutableRawPointer {
      let block = FloatBuffer(floats)
      blocks.append(block)
      return UnsafeMutableRawPointer(block.start)
    }
    memory = ImageMemory(
      arena: UnsafeMutableRawPointer(values.start), raw: raw.start,
      own: (0..<threads).map { _ in
        ImageMemory.Own(
          choices: take((largest { $0.program.points.count } + 3) / 4)
            .assumingMemoryBound(to: UInt8.self),
          work: take(largest(\.workCount)).assumingMemoryBound(to: Float.self),
          scratch: take((largest(\.scratchByteCount) + 3) / 4))
      })
    self.blocks = blocks
  }
}
