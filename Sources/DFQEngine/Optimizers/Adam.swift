#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import DFQGraph
public import DFQTensor

/// Adam (Kingma and Ba, 2015, algorithm 1), with bias correction.
public struct Adam: Optimizer, Codable, Equatable {
  /// The decay of the first moment.
  public var beta1: Float
  /// The decay of the second moment.
  public var beta2: Float
  /// What is added to the root of the second moment.
  public var epsilon: Float
  /// The number of steps taken, which the bias correction depends on.
  public var steps = 0
  package var first: [Float]
  package var second: [Float]

  /// Makes an optimizer for `count` parameters.
  public init(count: Int, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    first = [Float](repeating: 0, count: count)
    second = first
  }

  /// The moments, as `first` and `second`.
  public var state: [String: [Float]] {
    get { ["first": first, "second": second] }
    set {
      first = newValue["first"] ?? first
      second = newValue["second"] ?? second
    }
  }

  /// Takes one step of size `rate` on the parameters in `ranges`, or on all.
  ///
  /// Each call counts as one step, so pass all ranges of a parameter group in one call.
  ///
  /// - Throws: ``NetworkError`` where the numbers of values differ or a range is out of bounds.
  public mutating func step(
    _ values: inout [Float], gradient: [Float], rate: Float, ranges: [Range<Int>]?,
    context: ExecutionContext
  ) throws {
    for count in [first.count, second.count] {
      try checkStep(values: values, gradient: gradient, state: count, ranges: ranges)
    }
    steps += 1
    let correction1 = 1 - pow(beta1, Float(steps))
    let correction2 = 1 - pow(beta2, Float(steps))
    let (beta1, beta2, epsilon) = (beta1, beta2, epsilon)
    let ranges = ranges ?? [values.indices]
    values.withUnsafeMutableBufferPointer { w in
      first.withUnsafeMutableBufferPointer { m in
        second.withUnsafeMutableBufferPointer { v in
          gradient.withUnsafeBufferPointer { g in
            guard let start = w.baseAddress else { return }
            // Each thread writes to its own elements.
            nonisolated(unsafe) let (w, m, v, g) = (
              start, m.baseAddress!, v.baseAddress!, g.baseAddress!
            )
            for range in ranges {
              context.pool.forEachPart(of: range.count) { part in
                let at = range.lowerBound + part.lowerBound
                context.kernels.adam(
                  w + at, first: m + at, second: v + at, gradient: g + at, count: part.count,
                  rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon,
                  correction1: correction1, correction2: correction2)
              }
            }
          }
        }
      }
    }
  }
}
