#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import DFQGraph
public import DFQTensor

/// Adam (Kingma and Ba, 2015), with bias correction.
public struct Adam: Sendable, Codable, Equatable {
  /// The decay of the first moment.
  public var beta1: Float
  /// The decay of the second moment.
  public var beta2: Float
  /// What is added to the root of the second moment.
  public var epsilon: Float
  /// The steps taken so far.
  public package(set) var steps = 0
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

  /// Takes one step of size `rate`; `gradient` has as many elements as there are parameters.
  public mutating func step(
    _ values: inout [Float], gradient: [Float], rate: Float, context: ExecutionContext = .default
  ) {
    precondition(values.count == first.count && gradient.count == first.count)
    steps += 1
    let correction1 = 1 - pow(beta1, Float(steps))
    let correction2 = 1 - pow(beta2, Float(steps))
    let (beta1, beta2, epsilon, count) = (beta1, beta2, epsilon, values.count)
    values.withUnsafeMutableBufferPointer { w in
      first.withUnsafeMutableBufferPointer { m in
        second.withUnsafeMutableBufferPointer { v in
          gradient.withUnsafeBufferPointer { g in
            guard let start = w.baseAddress else { return }
            // Threads write at places no two of them share.
            nonisolated(unsafe) let (w, m, v, g) = (
              start, m.baseAddress!, v.baseAddress!, g.baseAddress!
            )
            context.pool.forEachPart(of: count) { part in
              let at = part.lowerBound
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
