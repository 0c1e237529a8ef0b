import DFQGraph
import DFQTensor

/// The weights of an executor's integer convolutions as codes, bank after bank.
final class IntegerWeights: @unchecked Sendable {
  /// In which banks a convolution is computed in integers.
  enum Readiness: Sendable {
    case nowhere, somewhere, everywhere
  }

  let plan: IntegerPlan
  private let banks: Int
  private let codes: FloatBuffer
  private let packed: FloatBuffer
  private let words: FloatBuffer
  private let constants: FloatBuffer
  /// By bank and position.
  private let ready: UnsafeMutableBufferPointer<Bool>
  /// Whether Winograd's algorithm in words computes them, likewise.
  private let inWords: UnsafeMutableBufferPointer<Bool>

  init(_ plan: IntegerPlan, banks: Int) {
    self.plan = plan
    self.banks = banks
    codes = FloatBuffer(banks * plan.weightBytes / 4)
    packed = FloatBuffer(banks * plan.weightBytes / 4)
    words = FloatBuffer(banks * plan.wordBytes / 4)
    constants = FloatBuffer(banks * plan.constantCount)
    ready = .allocate(capacity: max(banks * plan.entries.count, 1))
    ready.initialize(repeating: false)
    inWords = .allocate(capacity: ready.count)
    inWords.initialize(repeating: false)
  }

  deinit {
    ready.deallocate()
    inWords.deallocate()
  }

  func isReady(_ position: Int, bank: Int) -> Bool { ready[bank * plan.entries.count + position] }

  /// By position.
  var readiness: [Readiness] {
    plan.entries.indices.map { position in
      let count = (0..<banks).count { isReady(position, bank: $0) }
      return count == 0 ? .nowhere : count == banks ? .everywhere : .somewhere
    }
  }

  /// The weights for Winograd's algorithm in words, nil where the direct kernel is taken.
  func words(_ position: Int, bank: Int) -> UnsafePointer<Int8>? {
    guard inWords[bank * plan.entries.count + position], let words = plan.entries[position]?.words
    else { return nil }
    return UnsafePointer(IntegerWeights.bytes(self.words, bank * plan.wordBytes + words))
  }

  func weights(_ entry: IntegerPlan.Entry, bank: Int) -> UnsafePointer<Int8> {
    UnsafePointer(IntegerWeights.bytes(packed, bank * plan.weightBytes + entry.weights))
  }

  func constants(_ entry: IntegerPlan.Entry, bank: Int) -> UnsafePointer<Float> {
    UnsafePointer(constants.start + bank * plan.constantCount + entry.constants)
  }

  /// Takes over the weights KH KW I O of a convolution, which are whole multiples of 1 / levels
  /// (one, or one for each output channel).
  ///
  /// Where they are not, or do not fit a byte, or there are no levels, the convolution is not
  /// computed in integers.
  func prepare(
    _ position: Int, bank: Int, shape: ConvolutionShape, weight: UnsafePointer<Float>,
    levels: [Float]?, kernels: Kernels
  ) -> Bool {
    let flag = bank * plan.entries.count + position
    ready[flag] = false
    guard let entry = plan.entries[position], let levels else { return false }
    let channels = shape.outputChannels
    let units = constants.start + bank * plan.constantCount + entry.constants
    let sums = units + aligned(channels)
    for channel in 0..<channels { units[channel] = levels[levels.count == 1 ? 0 : channel] }
    sums.update(repeating: 0, count: channels)
    let codes = IntegerWeights.bytes(codes, bank * plan.weightBytes + entry.weights)
    var misses = 0
    for row in 0..<shape.window {
      misses += IntegerWeights.round(
        weight + row * channels, levels: units, count: channels, sums: sums,
        codes: codes + row * channels)
    }
    guard misses == 0 else { return false }
    for channel in 0..<channels { units[channel] = 1 / units[channel] }
    inWords[flag] =
      entry.words.map {
        kernels.packCodeWinogradWeights(
          .words4x4, shape, weight: codes,
          packed: IntegerWeights.bytes(words, bank * plan.wordBytes + $0))
      } ?? false
    if !inWords[flag] {
      kernels.packIntegerWeights(
        shape, weight: codes,
        packed: IntegerWeights.bytes(packed, bank * plan.weightBytes + entry.weights))
    }
    ready[flag] = true
    return true
  }

  /// Added to a small number, it leaves the nearest whole number in the last bits: unlike
  /// `rounded()`, a sum that every processor has for many numbers at once.
  private static let magic: Float = 12_582_912
  /// How far a weight may lie from its level, in levels: far more than its own rounding, far less
  /// than half a level.
  private static let slack: Float = 1e-3

  /// Codes of one row of output channels, added to `sums`; the number of weights that have none.
  private static func round(
    _ weight: UnsafePointer<Float>, levels: UnsafePointer<Float>, count: Int,
    sums: UnsafeMutablePointer<Float>, codes: UnsafeMutablePointer<Int8>
  ) -> Int {
    var misses: Int32 = 0
    for channel in 0..<count {
      let level = weight[channel] * levels[channel]
      let shifted = level + magic
      let whole = shifted - magic
      let code = Int32(bitPattern: shifted.bitPattern) &- Int32(bitPattern: magic.bitPattern)
      codes[channel] = Int8(truncatingIfNeeded: code)
      sums[channel] += whole
      misses &+= abs(level - whole) <= slack && whole >= -128 && whole <= 127 ? 0 : 1
    }
    return Int(misses)
  }

  private static func bytes(_ buffer: FloatBuffer, _ offset: Int) -> UnsafeMutablePointer<Int8> {
    (UnsafeMutableRawPointer(buffer.start) + offset).assumingMemoryBound(to: Int8.self)
  }
}
