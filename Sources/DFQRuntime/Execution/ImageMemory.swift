import DFQTensor

/// The memory in which one thread, or a team of threads, computes an image.
struct ImageMemory {
  /// The image's values.
  let arena: UnsafeMutableRawPointer
  /// One value before it is rounded.
  let raw: UnsafeMutablePointer<Float>
  /// The candidate at each point.
  let choices: UnsafeMutablePointer<UInt8>
  /// What a decision needs.
  let work: UnsafeMutablePointer<Float>
  /// The scratch memory of each thread.
  let scratch: [UnsafeMutableRawPointer]
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
    let choices = FloatBuffer((largest { $0.program.points.count } + 3) / 4)
    let work = FloatBuffer(largest(\.workCount))
    let scratch = (0..<threads).map { _ in FloatBuffer((largest(\.scratchByteCount) + 3) / 4) }
    memory = ImageMemory(
      arena: UnsafeMutableRawPointer(values.start), raw: raw.start,
      choices: UnsafeMutableRawPointer(choices.start).assumingMemoryBound(to: UInt8.self),
      work: work.start, scratch: scratch.map { UnsafeMutableRawPointer($0.start) })
    blocks = [values, raw, choices, work] + scratch
  }
}
