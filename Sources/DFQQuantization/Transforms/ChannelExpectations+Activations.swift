package import DFQGraph
import Foundation

extension ChannelExpectations {
  /// The moments of a normal value behind an activation.
  package static func behind(_ activation: Activation, _ input: Moments) -> Moments {
    let deviation = input.variance.squareRoot()
    switch activation {
    case .relu: return clipped(mean: input.mean, deviation: deviation, low: 0, high: .infinity)
    case .relu6: return clipped(mean: input.mean, deviation: deviation, low: 0, high: 6)
    case .leakyReLU(let slope): return rectified(slope: Double(slope), input)
    case .tanh: return sampled(input) { Foundation.tanh($0) }
    case .sigmoid: return sampled(input) { 1 / (1 + exp(-$0)) }
    case .hardSigmoid(let slope, let offset):
      return clipped(
        mean: Double(slope) * input.mean + Double(offset),
        deviation: abs(Double(slope)) * deviation,
        low: 0, high: 1)
    case .hardSwish: return sampled(input) { $0 * min(max($0 / 6 + 0.5, 0), 1) }
    case .silu: return sampled(input) { $0 / (1 + exp(-$0)) }
    case .gelu: return sampled(input) { $0 * erfc(-$0 / 2.0.squareRoot()) / 2 }
    case .geluTanh:
      let factor = (2 / Double.pi).squareRoot()
      return sampled(input) {
        $0 / 2 * (1 + Foundation.tanh(factor * ($0 + 0.044715 * $0 * $0 * $0)))
      }
    case .clip(let minimum, let maximum):
      guard minimum > -.infinity || maximum < .infinity else { return input }
      // Without a lower bound: that of the negated value, which has an upper one.
      guard minimum > -.infinity else {
        var result = clipped(
          mean: -input.mean, deviation: deviation, low: -Double(maximum), high: .infinity)
        result.mean.negate()
        return result
      }
      return clipped(
        mean: input.mean, deviation: deviation, low: Double(minimum), high: Double(maximum))
    }
  }

  /// The moments of x above zero, slope * x below, for a normal x.
  static func rectified(slope a: Double, _ input: Moments) -> Moments {
    // f(x) = slope x + (1 - slope) relu(x).
    let positive = clipped(
      mean: input.mean, deviation: input.variance.squareRoot(), low: 0, high: .infinity)
    // E[x relu(x)] = E[relu(x)^2].
    let square = positive.variance + positive.mean * positive.mean
    let mean = a * input.mean + (1 - a) * positive.mean
    let second =
      a * a * (input.variance + input.mean * input.mean) + (1 - a * a) * square
    return Moments(mean: mean, variance: max(second - mean * mean, 0))
  }

  /// The moments of a function of a normal value where there is no closed form: a sum over the density,
  /// good to many digits.
  private static func sampled(_ input: Moments, _ function: (Double) -> Double) -> Moments {
    let deviation = input.variance.squareRoot()
    var (mean, second, mass) = (0.0, 0.0, 0.0)
    for step in -400...400 {
      let z = Double(step) / 50
      let weight = exp(-z * z / 2)
      let y = function(input.mean + deviation * z)
      mean += weight * y
      second += weight * y * y
      mass += weight
    }
    mean /= mass
    return Moments(mean: mean, variance: max(second / mass - mean * mean, 0))
  }

  /// The moments of min(max(x, low), high) for a normal x.
  ///
  /// With a = (low - mean) / deviation, b likewise, phi and Phi density and distribution:
  /// E = low Phi(a) + mean (Phi(b) - Phi(a)) + deviation (phi(a) - phi(b)) + high (1 - Phi(b)). For
  /// low 0 without an upper bound this is deviation phi(mean / deviation) + mean Phi(mean / deviation).
  static func clipped(mean: Double, deviation: Double, low: Double, high: Double) -> Moments {
    guard deviation > 0 else { return Moments(mean: min(max(mean, low), high), variance: 0) }
    func density(_ z: Double) -> Double {
      z.isFinite ? exp(-z * z / 2) / (2 * .pi).squareRoot() : 0
    }
    func share(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }
    let (a, b) = ((low - mean) / deviation, (high - mean) / deviation)
    let inside = share(b) - share(a)
    // Moments of z inside the bounds.
    let first = density(a) - density(b)
    let second = inside + a * density(a) - (b.isFinite ? b * density(b) : 0)
    let above = high.isFinite ? high * (1 - share(b)) : 0
    let expectation = low * share(a) + mean * inside + deviation * first + above
    let square =
      low * low * share(a) + mean * mean * inside + 2 * mean * deviation * first
      + deviation * deviation * second + (high.isFinite ? high * above : 0)
    return Moments(mean: expectation, variance: max(square - expectation * expectation, 0))
  }
}
