/// The integers of an ending in fixed point, derived once in double precision.
///
/// With u levels per unit and zero z of the output's form, a real ending sum * a + b + residual * r, and residuals
/// that count 2^e times: multiplier = round(a u 2^s), residualMultiplier = round(r u 2^(s-e)), addend = round((b u +
/// z) 2^s) + 2^(s-1), so that a shift by s rounds halves up. The shift s is the largest, channel by channel, with
/// which multipliers fit 32 bits and every sum of the three terms is smaller than 2^62.
package struct FixedConstants: Equatable {
  /// C each.
  package struct Factors: Equatable {
    package var multiplier: [Int32]
    package var residualMultiplier: [Int32]
    package var addend: [Int64]
  }

  package var factors: Factors
  /// Those of negative values for a slope between 0 and 1, where the result is the larger one.
  package var negative: Factors?
  package var shift: [Int32]
  /// The bounds of the result: those of the form, of a ReLU and of an upper bound.
  package var low: Int32
  package var high: Int32

  /// Why there are no such integers.
  package struct Failure: Error, Equatable {
    package let what: String

    package init(what: String) { self.what = what }
  }

  package init(_ real: RealEnding, output: FixedForm) throws {
    let slope = real.negativeSlope
    guard (0...1).contains(slope) else {
      throw Failure(what: "a slope of \(slope) in fixed point")
    }
    let (levels, zero) = (output.levelsPerUnit, output.zero)
    shift = []
    for channel in real.scale.indices {
      guard let bits = FixedConstants.shift(real, channel, levels: levels, zero: zero) else {
        throw Failure(what: "a scale of \(real.scale[channel] * levels) levels in fixed point")
      }
      shift.append(bits)
    }
    let shift = shift
    let residualUnit = Double(1 << real.residualShift)
    func factors(_ slope: Double) -> Factors {
      let powers = shift.map { Double(sign: .plus, exponent: Int($0), significand: 1) }
      let unit = slope * levels
      return Factors(
        multiplier: powers.indices.map { Int32((real.scale[$0] * unit * powers[$0]).rounded()) },
        residualMultiplier: powers.map {
          Int32((real.residualScale * unit * $0 / residualUnit).rounded())
        },
        addend: powers.indices.map {
          Int64(((real.offset[$0] * unit + zero) * powers[$0]).rounded()) + 1 << (shift[$0] - 1)
        })
    }
    self.factors = factors(1)
    negative = 0 < slope && slope < 1 ? factors(slope) : nil
    let (least, most) = (
      slope == 0 ? output.clamped(0) : output.low,
      real.upperBound < .infinity ? output.clamped(real.upperBound) : output.high
    )
    high = Int32(most.rounded(.toNearestOrEven))
    low = min(Int32(least), high)
  }

  /// The largest shift of a channel, nil for none.
  private static func shift(
    _ real: RealEnding, _ channel: Int, levels: Double, zero: Double
  ) -> Int32? {
    let residual = abs(real.residualScale) / Double(1 << real.residualShift)
    let factor = max(abs(real.scale[channel]), residual) * levels
    let total =
      (real.mostSum[channel] * abs(real.scale[channel]) + abs(real.offset[channel])
        + real.mostResidual * abs(real.residualScale)) * levels + abs(zero) + 1
    guard factor.isFinite, total.isFinite else { return nil }
    return (1...62).last { bits in
      let power = Double(sign: .plus, exponent: bits, significand: 1)
      // Rounded factors are at most half a unit larger; sums are at most 2^31 of them.
      return factor * power < 0x1p31 - 1 && total * power < 0x1p62 - 0x1p32
    }.map(Int32.init)
  }
}
