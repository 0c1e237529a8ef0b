/// One uniform grid: value = (code + zero) / levelsPerUnit for codes in lowest...highest.
///
/// The step (scale) is 1 / levelsPerUnit; the zero point in the usual convention (value = scale *
/// (code - zeroPoint)) is -zero.
public struct Grid: Sendable, Codable, Hashable, BitwiseCopyable {
  /// S, levels per unit.
  public var levelsPerUnit: Float
  /// Z, added to codes.
  public var zero: Float
  /// The smallest code.
  public var lowest: Float
  /// The largest code.
  public var highest: Float

  /// The step between neighbouring values.
  public var scale: Float { 1 / levelsPerUnit }
  /// The code of the value 0.
  public var zeroPoint: Int { Int(-zero) }
  /// The smallest value.
  public var lowestValue: Float { (lowest + zero) / levelsPerUnit }
  /// The largest value.
  public var highestValue: Float { (highest + zero) / levelsPerUnit }

  /// The asymmetric grid over [low, high], as in ZeroQ.
  ///
  /// S = n / max(high - low, 1e-8), Z = round(S * low) + 2^(bits-1) (Cai et al. 2020).
  public init(low: Float, high: Float, bits: Int) {
    let half = Float(1 << (bits - 1))
    levelsPerUnit = (2 * half - 1) / max(high - low, 1e-8)
    zero = (levelsPerUnit * low).rounded(.toNearestOrEven) + half
    lowest = -half
    highest = half - 1
  }

  /// The symmetric grid with a step: codes 0...2^bits-1 for values that are never negative, else
  /// -2^(bits-1)...2^(bits-1)-1.
  public init(step: Float, bits: Int, nonNegative: Bool) {
    levelsPerUnit = 1 / max(step, 1e-12)
    zero = 0
    lowest = nonNegative ? 0 : -Float(1 << (bits - 1))
    highest = nonNegative ? Float((1 << bits) - 1) : Float((1 << (bits - 1)) - 1)
  }

  /// The integer code of a value.
  public func code(_ value: Float) -> Int {
    let code = (levelsPerUnit * value - zero).rounded(.toNearestOrEven)
    return Int(min(max(code, lowest), highest))
  }

  /// The value of a code.
  public func value(_ code: Int) -> Float { (Float(code) + zero) / levelsPerUnit }

  /// The grid's value nearest to a value.
  public func quantize(_ value: Float) -> Float { self.value(code(value)) }
}
