public import DFQGraph
package import DFQTensor

/// Stochastic gradient descent with (Nesterov) momentum and weight decay, PyTorch's rule: g' = g +
/// decay * w; v = momentum * v + g'; w -= rate * (g' + momentum * v), or rate * v without Nesterov.
public struct SGD: Sendable, Codable, Equatable {
  /// The factor of the old velocity.
  public var momentum: Float
  /// The factor of the weights added to their gradient.
  public var weightDecay: Float
  /// Whether to look ahead.
  public var nesterov: Bool
  /// The velocity of each parameter.
  public package(set) var velocity: [Float]

  /// Makes an optimizer for `count` parameters; the defaults are those of the data-free methods
  /// (methods.md 1.7).
  public init(
    count: Int, momentum: Float = 0.9, weightDecay: Float = 1e-4, nesterov: Bool = true
  ) {
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.nesterov = nesterov
    velocity = [Float](repeating: 0, count: count)
  }

  /// Takes one step of size `rate` on the parameters in the given ranges (all learned ones of a
  /// layout, for example).
  package mutating func step(
    _ values: inout [Float], gradient: [Float], rate: Float, ranges: [Range<Int>],
    context: ExecutionContext
  ) {
    let (momentum, decay, nesterov) = (momentum, weightDecay, nesterov)
    values.withUnsafeMutableBufferPointer { w in
      velocity.withUnsafeMutableBufferPointer { v in
        gradient.withUnsafeBufferPointer { g in
          guard let w = w.baseAddress, let v = v.baseAddress, let g = g.baseAddress else { return }
          for range in ranges {
            let start = range.lowerBound
            // Threads write at places no two of them share.
            nonisolated(unsafe) let (w, v, g) = (w + start, v + start, g + start)
            context.pool.forEachPart(of: range.count) { part in
              let at = part.lowerBound
              context.kernels.sgd(
                w + at, velocity: v + at, gradient: g + at, count: part.count, rate: rate,
                momentum: momentum, decay: decay, nesterov: nesterov)
            }
          }
        }
      }
    }
  }
}

extension ParameterLayout {
  /// The ranges of everything gradients reach, neighbours joined.
  public var learnedRanges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    for entry in entries where entry.role.isLearned {
      if let last = ranges.last, last.upperBound == entry.range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<entry.range.upperBound
      } else {
        ranges.append(entry.range)
      }
    }
    return ranges
  }
}
