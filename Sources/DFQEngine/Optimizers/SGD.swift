import DFQGraph
public import DFQTensor

/// Stochastic gradient descent with (Nesterov) momentum and weight decay, by PyTorch's rule: g' = g +
/// decay * w; v = momentum * v + g'; w -= rate * (g' + momentum * v), or rate * v without Nesterov.
public struct SGD: Optimizer, Codable, Equatable {
  /// The factor of the old velocity.
  public var momentum: Float
  /// The factor of the weights that is added to their gradient.
  public var weightDecay: Float
  /// Whether to use Nesterov momentum.
  public var nesterov: Bool
  /// The number of steps taken.
  public var steps = 0
  /// The velocity of each parameter.
  public package(set) var velocity: [Float]

  /// Makes an optimizer for `count` parameters; the defaults are those of IntraQ (Zhong et al., 2022).
  public init(
    count: Int, momentum: Float = 0.9, weightDecay: Float = 1e-4, nesterov: Bool = true
  ) {
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.nesterov = nesterov
    velocity = [Float](repeating: 0, count: count)
  }

  /// The velocities, as `velocity`.
  public var state: [String: [Float]] {
    get { ["velocity": velocity] }
    set { velocity = newValue["velocity"] ?? velocity }
  }

  /// Takes one step of size `rate` on the parameters in `ranges` (all learned ones of a layout, for
  /// example), or on all.
  ///
  /// - Throws: ``NetworkError`` where the numbers of values differ or a range is out of bounds.
  public mutating func step(
    _ values: inout [Float], gradient: [Float], rate: Float, ranges: [Range<Int>]?,
    context: ExecutionContext
  ) throws {
    try checkStep(values: values, gradient: gradient, state: velocity.count, ranges: ranges)
    steps += 1
    let (momentum, decay, nesterov) = (momentum, weightDecay, nesterov)
    let ranges = ranges ?? [values.indices]
    values.withUnsafeMutableBufferPointer { w in
      velocity.withUnsafeMutableBufferPointer { v in
        gradient.withUnsafeBufferPointer { g in
          guard let w = w.baseAddress, let v = v.baseAddress, let g = g.baseAddress else { return }
          for range in ranges {
            let start = range.lowerBound
            // Each thread writes to its own elements.
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
