/// The built-in models. Every number of the cost model is in this file, with its source.
///
/// Sources:
/// - Horowitz 2014: M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014,
///   figure 1.1.9, 45 nm, 0.9 V: a 64-bit access to a memory of 8 KB 10 pJ, 32 KB 20 pJ, 1 MB 100 pJ, DRAM
///   1.3 to 2.6 nJ.
/// - Bit Fusion 2018: H. Sharma et al., "Bit Fusion: Bit-level dynamically composable architecture for
///   accelerating deep neural networks", ISCA 2018, and its published simulator,
///   github.com/hsharma35/bitfusion (`bf_e_conf.ini`, `results/systolic_array_synth.csv`), 45 nm.
/// - Loom 2018: S. Sharify et al., "Loom: Exploiting weight and activation precisions to accelerate
///   convolutional neural networks", DAC 2018, arXiv:1706.07853. It makes both operands serial; Stripes
///   (P. Judd et al., MICRO 2016) only the activations.
/// - AMD 57647: "Software optimization guide for the AMD Zen4 microarchitecture": operations of 512 bits
///   take two passes of 256 bits.
extension HardwareModel {
  /// Units of sixteen 2-bit multipliers that join to widths of 2, 4 and 8 bits, as in Bit Fusion 2018, in
  /// its configuration for the comparison with Eyeriss.
  public static let bitFusion = HardwareModel(
    name: "8/4/2-bit units (Bit Fusion)", arithmetic: .units(widths: [2, 4, 8]),
    // `bf_e_conf.ini`: 16 rows of 32 units. A unit multiplies two 8-bit numbers in a cycle or up to sixteen
    // pairs of 2-bit numbers of one output. Assumption: all products of an output may lie side by side.
    lanes: Lanes(products: 16, outputs: 32, positions: 1),
    // `bf_e_conf.ini`: 500 MHz, 192 bits of DRAM in a cycle, buffers of 64, 32 and 16 KB, used here as one.
    frequency: 500e6, memoryBandwidth: 192.0 / 8 * 500e6,
    // Assumption: 32 bits for each of the 16 rows in a cycle.
    cacheBandwidth: 16 * 4 * 500e6, cacheBytes: 112 * 1024,
    // Assumption: one cycle for each row and each column of the array.
    stall: 48 / 500e6, packs: true, energy: .nanometers45)

  /// Both operands bit by bit, as in Loom 2018, at the same clock and with the same memories as
  /// ``bitFusion``.
  public static let bitSerial = HardwareModel(
    name: "bit-serial (Loom)", arithmetic: .bitSerial,
    // Loom 2018: the equivalent of 128 products of 16 by 16 bits in a cycle, 32,768 1-bit products; as many
    // as ``bitFusion`` has. Assumption: in lanes of 16 products, 32 outputs and 64 positions.
    lanes: Lanes(products: 16, outputs: 32, positions: 64),
    frequency: 500e6, memoryBandwidth: 192.0 / 8 * 500e6, cacheBandwidth: 16 * 4 * 500e6,
    cacheBytes: 112 * 1024, stall: 48 / 500e6, packs: true, energy: .nanometers45)

  /// Two cores of the processor that `Documentation/Performance.md` names (AMD EPYC, Zen 4) with this
  /// package's kernels: dense convolutions of quantized values in bytes, all else in float32.
  ///
  /// Energy is left out: no published figure of this processor says what an instruction costs.
  public static let zen4Bytes = HardwareModel(
    name: "this package's byte kernels (Zen 4)", arithmetic: .bytes(floatCost: 4),
    // AMD 57647: one VPDPBUSD of 512 bits in a cycle, 16 outputs of 4 products; one fused multiply-add of
    // 512 bits in a cycle, 16 products. Two cores, which share the positions.
    lanes: Lanes(products: 4, outputs: 16, positions: 2),
    // From the measured peak of one thread, 118 GFLOP/s (`Documentation/Performance.md`), at 32 operations in
    // a cycle.
    frequency: 118e9 / 32,
    // Assumption: 74 GB/s, measured by reading 256 MiB with each of two threads on a virtual machine of two
    // cores of the following generation (AMD EPYC, Zen 5).
    memoryBandwidth: 74e9,
    // Assumption: 32 bytes in a cycle and core from the second-level cache.
    cacheBandwidth: 2 * 32 * 118e9 / 32, cacheBytes: 2 * 1024 * 1024,
    // Not modelled.
    stall: 0, packs: false, energy: nil)

  /// The built-in models.
  public static let builtIn = [bitSerial, bitFusion, zen4Bytes]
}

extension HardwareModel.EnergyRates {
  /// Rates at 45 nm.
  static let nanometers45 = HardwareModel.EnergyRates(
    // `systolic_array_synth.csv`, row 16, 1, 8, 2 (16 units): 4,667,700 nW with leakage at 500 MHz, 0.58 pJ
    // for a unit and cycle, which is 64 1-bit products. Assumption: idle lanes cost nothing; serial lanes cost
    // as much for a 1-bit product as units that join.
    bitProduct: 4_667_700e-9 / 16 / 500e6 / 64,
    // Horowitz 2014: 20 pJ for 8 bytes of a memory of 32 KB.
    cacheByte: 20e-12 / 8,
    // Horowitz 2014: 1.3 nJ for 8 bytes, the lower of two figures: 20 pJ a bit. (The simulator of Bit Fusion
    // takes 15 pJ a bit.)
    memoryByte: 1.3e-9 / 8)
}
