import DFQTensor

/// Where the values of one image lie: a value's memory is used again once its last reader is done.
struct MemoryPlan: Sendable {
  /// The place of each value, in bytes.
  private(set) var offsets: [Int] = []
  /// The bytes of all values.
  private(set) var byteCount = 0

  private static let line = 64

  init(_ program: IntegerProgram) {
    var lastReader = program.values.indices.map { $0 }
    for (index, operation) in program.operations.enumerated() {
      for input in operation.inputs { lastReader[input] = index + 1 }
    }
    lastReader[program.values.count - 1] = program.values.count
    var free: [Range<Int>] = []
    var open: [(end: Int, range: Range<Int>)] = []
    for (value, form) in program.values.enumerated() {
      // Value k is written by operation k - 1, while what that operation reads is still needed.
      let ended = open.filter { $0.end < value }
      open.removeAll { $0.end < value }
      for part in ended { MemoryPlan.release(part.range, to: &free) }
      let bytes = form.shape.count * (form.point == nil ? 4 : 1)
      let size = (bytes + MemoryPlan.line - 1) / MemoryPlan.line * MemoryPlan.line
      let range = take(size, from: &free)
      offsets.append(range.lowerBound)
      open.append((max(lastReader[value], value), range))
    }
  }

  private mutating func take(_ size: Int, from free: inout [Range<Int>]) -> Range<Int> {
    let fitting = free.indices.filter { free[$0].count >= size }
    if let best = fitting.min(by: { free[$0].count < free[$1].count }) {
      let start = free[best].lowerBound
      free[best] = start + size..<free[best].upperBound
      if free[best].isEmpty { free.remove(at: best) }
      return start..<start + size
    }
    // What is free at the end grows.
    if let last = free.indices.last(where: { free[$0].upperBound == byteCount }) {
      let start = free[last].lowerBound
      free.remove(at: last)
      byteCount = start + size
      return start..<byteCount
    }
    byteCount += size
    return byteCount - size..<byteCount
  }

  /// Adds a range to the free ones, joined with its neighbours.
  private static func release(_ range: Range<Int>, to free: inout [Range<Int>]) {
    var range = range
    if let before = free.firstIndex(where: { $0.upperBound == range.lowerBound }) {
      range = free[before].lowerBound..<range.upperBound
      free.remove(at: before)
    }
    if let after = free.firstIndex(where: { $0.lowerBound == range.upperBound }) {
      range = range.lowerBound..<free[after].upperBound
      free.remove(at: after)
    }
    free.append(range)
  }
}
