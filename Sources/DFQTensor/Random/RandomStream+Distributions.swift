#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension RandomStream {
  /// A number in [0, 1) with 24 random bits.
  public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// A number in [low, high).
  public mutating func uniform(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * uniform()
  }

  /// An integer in 0..<bound; bound must be positive.
  public mutating func integer(below bound: Int) -> Int { Int(next(upperBound: UInt64(bound))) }

  /// A standard normal number (Box and Muller's transform, in double precision).
  public mutating func normal() -> Float {
    let first = next()
    return RandomStream.normal(first, next())
  }

  private static func normal(_ first: UInt64, _ second: UInt64) -> Float {
    let radius = (-2 * log(1 - Double(first >> 11) * 0x1p-53)).squareRoot()
    let angle = 2 * Double.pi * (Double(second >> 11) * 0x1p-53)
    return Float(radius * cos(angle))
  }

  /// Independent standard normal numbers, each from two draws, so that the stream's position
  /// depends only on the count.
  public mutating func normals(_ count: Int) -> [Float] { (0..<count).map { _ in normal() } }

  /// The same numbers, which the threads of a pool compute from the stream's draws.
  public mutating func normals(_ count: Int, pool: WorkerPool) -> [Float] {
    let draws = draws(2 * count)
    let piece = 4096
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      nonisolated(unsafe) let numbers = buffer
      pool.forEach((count + piece - 1) / piece) { index, _ in
        for place in index * piece..<min((index + 1) * piece, count) {
          numbers[place] = RandomStream.normal(draws[2 * place], draws[2 * place + 1])
        }
      }
      filled = count
    }
  }

  /// A draw from Beta(1, 1), the uniform distribution, or from Beta(a, a) by Jöhnk's method
  /// otherwise.
  public mutating func beta(_ concentration: Float) -> Float {
    if concentration == 1 { return uniform() }
    while true {
      let first = pow(Double(uniform()), 1 / Double(concentration))
      let second = pow(Double(uniform()), 1 / Double(concentration))
      if first + second > 0, first + second <= 1 { return Float(first / (first + second)) }
    }
  }

  /// A random order of 0..<count (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for position in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(position, integer(below: position + 1))
    }
    return order
  }
}
