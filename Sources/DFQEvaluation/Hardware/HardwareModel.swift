/// Hardware that a student may run on, as a roofline sees it: what it computes in a cycle, what it moves
/// in a second, what both cost in energy.
///
/// It is a bound: a layer takes as long as its arithmetic or its traffic, whichever is longer, and a
/// stall. Control, conflicts and what a compiler makes of a layer are not in it. The built-in models and
/// the sources of their numbers are in one file, `HardwareModel+Constants.swift`.
public struct HardwareModel: Sendable, Codable, Hashable {
  /// How operands of given widths are multiplied.
  public enum Arithmetic: Sendable, Codable, Hashable {
    /// Both operands bit by bit: the time is the product of their widths.
    case bitSerial
    /// Units that join the smallest of these widths (ascending) up to the largest: an operand takes the
    /// next of them, a wider one several times the largest.
    case units(widths: [Int])
    /// Dense convolutions of quantized values in bytes, whatever their width; all else in float32, where
    /// a product takes `floatCost` times as long.
    case bytes(floatCost: Double)
  }

  /// How many products of one output, outputs and positions of a map are computed side by side.
  ///
  /// What a layer cannot fill is idle.
  public struct Lanes: Sendable, Codable, Hashable {
    /// Products that are summed for one output; 1-bit products where arithmetic is bit-serial, products of
    /// the widest operands where units join.
    public var products: Int
    /// Output channels of one group.
    public var outputs: Int
    /// Positions of the output map.
    public var positions: Int

    /// Makes a shape.
    public init(products: Int, outputs: Int, positions: Int) {
      self.products = products
      self.outputs = outputs
      self.positions = positions
    }
  }

  /// Joules of arithmetic and traffic.
  public struct EnergyRates: Sendable, Codable, Hashable {
    /// One product of two bits, with its share of the sum.
    public var bitProduct: Double
    /// A byte read from or written to memory on the chip.
    public var cacheByte: Double
    /// A byte read from or written to DRAM.
    public var memoryByte: Double

    /// Makes rates, in joules.
    public init(bitProduct: Double, cacheByte: Double, memoryByte: Double) {
      self.bitProduct = bitProduct
      self.cacheByte = cacheByte
      self.memoryByte = memoryByte
    }
  }

  /// Its name in tables.
  public var name: String
  /// How operands are multiplied.
  public var arithmetic: Arithmetic
  /// The shape of the multipliers.
  public var lanes: Lanes
  /// Cycles in a second.
  public var frequency: Double
  /// Bytes in a second from and to DRAM.
  public var memoryBandwidth: Double
  /// Bytes in a second from and to memory on the chip.
  public var cacheBandwidth: Double
  /// Bytes of memory on the chip.
  public var cacheBytes: Int
  /// Seconds in which the multipliers fill and drain, each time a layer begins or its widths change.
  public var stall: Double
  /// Whether numbers are stored at their true widths, rounded on their way to memory; else in bytes, or in
  /// four where they have more than 8 bits.
  public var packs: Bool
  /// Energy, nil where no published figure is known.
  public var energy: EnergyRates?

  /// Makes a model of some hardware.
  public init(
    name: String, arithmetic: Arithmetic, lanes: Lanes, frequency: Double,
    memoryBandwidth: Double, cacheBandwidth: Double, cacheBytes: Int, stall: Double, packs: Bool,
    energy: EnergyRates?
  ) {
    self.name = name
    self.arithmetic = arithmetic
    self.lanes = lanes
    self.frequency = frequency
    self.memoryBandwidth = memoryBandwidth
    self.cacheBandwidth = cacheBandwidth
    self.cacheBytes = cacheBytes
    self.stall = stall
    self.packs = packs
    self.energy = energy
  }

  /// The bits that a number of some width takes in memory.
  func storedBits(_ bits: Int) -> Int { packs ? bits : bits <= 8 ? 8 : 32 }
}
