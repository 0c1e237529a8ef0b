/// Bytes that move: weights, activations and what the selector reads, from and to DRAM and the memory on
/// the chip.
public struct Traffic: Sendable, Codable, Hashable {
  /// Weights, scales and offsets read from DRAM.
  public var memoryWeights = 0.0
  /// Activations read from and written to DRAM, with the image and the logits.
  public var memoryActivations = 0.0
  /// The selector's parameters read from DRAM.
  public var memorySelector = 0.0
  /// Weights, scales and offsets read on the chip.
  public var cacheWeights = 0.0
  /// Activations read and written on the chip.
  public var cacheActivations = 0.0
  /// The selector's parameters and samples read on the chip, and values that wait for its decision.
  public var cacheSelector = 0.0

  /// No traffic.
  public init() {}

  /// All bytes from and to DRAM.
  public var memory: Double { memoryWeights + memoryActivations + memorySelector }
  /// All bytes from and to memory on the chip.
  public var cache: Double { cacheWeights + cacheActivations + cacheSelector }

  /// Adds `count` times another traffic.
  mutating func add(_ other: Traffic, times count: Double = 1) {
    memoryWeights += count * other.memoryWeights
    memoryActivations += count * other.memoryActivations
    memorySelector += count * other.memorySelector
    cacheWeights += count * other.cacheWeights
    cacheActivations += count * other.cacheActivations
    cacheSelector += count * other.cacheSelector
  }
}
