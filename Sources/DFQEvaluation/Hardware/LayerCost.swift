/// What one layer, or one decision of the selector, costs on some hardware: the expected total of a batch.
public struct LayerCost: Sendable, Codable, Hashable {
  /// The layer's name; for a decision, that of the output it is taken at.
  public var name: String
  /// The position of the pass or of the cascade's level.
  public var pass: Int
  /// Whether it is a decision of the selector.
  public var isSelector: Bool
  /// Multiply-accumulate operations.
  public var macs = 0.0
  /// MACs x weight bits x input bits, unquantized numbers as 32 bits.
  public var bitOPs = 0.0
  /// 1-bit products that the hardware computes, with widths that it does not have rounded up.
  public var bitProducts = 0.0
  /// What moves.
  public var traffic = Traffic()
  /// Seconds of arithmetic.
  public var computeSeconds = 0.0
  /// Seconds of traffic: the longer of DRAM and the memory on the chip.
  public var memorySeconds = 0.0
  /// Seconds in which the multipliers fill and drain.
  public var stallSeconds = 0.0
  /// The longer of arithmetic and traffic, and the stall.
  public var seconds = 0.0
  /// Joules of arithmetic, nil where the model has no energy.
  public var computeEnergy: Double?
  /// Joules of traffic on the chip.
  public var cacheEnergy: Double?
  /// Joules of traffic with DRAM.
  public var memoryEnergy: Double?

  /// All joules, nil where the model has no energy.
  public var energy: Double? {
    guard let computeEnergy, let cacheEnergy, let memoryEnergy else { return nil }
    return computeEnergy + cacheEnergy + memoryEnergy
  }

  init(name: String, pass: Int, isSelector: Bool) {
    self.name = name
    self.pass = pass
    self.isSelector = isSelector
  }

  /// Completes the sums that follow from cycles, bit products, traffic and the number of stalls.
  mutating func complete(on model: HardwareModel, cycles: Double, stalls: Double) {
    computeSeconds = cycles / model.frequency
    memorySeconds = max(
      traffic.memory / model.memoryBandwidth, traffic.cache / model.cacheBandwidth)
    stallSeconds = stalls * model.stall
    seconds = max(computeSeconds, memorySeconds) + stallSeconds
    guard let rates = model.energy else { return }
    computeEnergy = bitProducts * rates.bitProduct
    cacheEnergy = traffic.cache * rates.cacheByte
    memoryEnergy = traffic.memory * rates.memoryByte
  }

  /// Adds `count` times what the same layer costs another time.
  mutating func add(_ other: LayerCost, times count: Double = 1) {
    func sum(_ first: Double?, _ second: Double?) -> Double? {
      second.map { (first ?? 0) + count * $0 } ?? first
    }
    macs += count * other.macs
    bitOPs += count * other.bitOPs
    bitProducts += count * other.bitProducts
    traffic.add(other.traffic, times: count)
    computeSeconds += count * other.computeSeconds
    memorySeconds += count * other.memorySeconds
    stallSeconds += count * other.stallSeconds
    seconds += count * other.seconds
    computeEnergy = sum(computeEnergy, other.computeEnergy)
    cacheEnergy = sum(cacheEnergy, other.cacheEnergy)
    memoryEnergy = sum(memoryEnergy, other.memoryEnergy)
  }
}
