/// A reproducible stream of random numbers named by a seed and a path, so that synthesis, labels,
/// augmentation and selection never share draws and any part can be repeated separately.
///
/// xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64 from a hash of the names. The state
/// is `Codable`: a checkpoint stores it and a resumed run continues with the same bits.
public struct RandomStream: RandomNumberGenerator, Sendable, Codable, Equatable {
  private var state: [UInt64]

  /// Makes the stream of a seed and a path of names, such as `RandomStream(seed: 1, "labels", 3)`.
  public init(seed: UInt64, _ path: any CustomStringConvertible & Sendable...) {
    var hash = seed &+ 0x9E37_79B9_7F4A_7C15
    for name in path {
      for byte in name.description.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
      hash = RandomStream.splitMix(&hash)
    }
    state = (0..<4).map { _ in RandomStream.splitMix(&hash) }
  }

  /// Reads the state that `encode(to:)` wrote: four words, not all 0.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for anything else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    state = try container.decode([UInt64].self, forKey: .state)
    guard state.count == 4, state.contains(where: { $0 != 0 }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .state, in: container,
        debugDescription: "a random stream has 4 words that are not all 0, found \(state.count)")
    }
  }

  private static func splitMix(_ value: inout UInt64) -> UInt64 {
    value &+= 0x9E37_79B9_7F4A_7C15
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state.withUnsafeMutableBufferPointer { s in
      var words = (s[0], s[1], s[2], s[3])
      let result = RandomStream.advance(&words)
      (s[0], s[1], s[2], s[3]) = words
      return result
    }
  }

  /// What so many calls of `next()` return, without a look at the state's memory for each.
  mutating func draws(_ count: Int) -> [UInt64] {
    var words = (state[0], state[1], state[2], state[3])
    let draws = [UInt64](unsafeUninitializedCapacity: count) { draws, filled in
      for place in 0..<count { draws[place] = RandomStream.advance(&words) }
      filled = count
    }
    state = [words.0, words.1, words.2, words.3]
    return draws
  }

  private static func advance(_ s: inout (UInt64, UInt64, UInt64, UInt64)) -> UInt64 {
    let product = s.1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = s.1 << 17
    s.2 ^= s.0
    s.3 ^= s.1
    s.1 ^= s.2
    s.0 ^= s.3
    s.2 ^= shifted
    s.3 = (s.3 << 45) | (s.3 >> 19)
    return result
  }
}
