import DFQGraph
public import DFQTensor

/// An update rule for parameters, given their gradient.
///
/// An optimizer is a value that holds its own state, such as velocities. A trainer owns one for each
/// parameter group, and a checkpoint stores its state by name.
public protocol Optimizer: Sendable {
  /// The number of steps taken.
  var steps: Int { get set }

  /// The state as named arrays, such as `velocity`; each is as long as the values.
  ///
  /// Use ``restore(_:steps:)`` to take over a state that was read from a file.
  var state: [String: [Float]] { get set }

  /// Takes one step of size `rate`.
  ///
  /// - Parameters:
  ///   - values: The values, as many as the optimizer was created for.
  ///   - gradient: dLoss/dValues, as many as there are values.
  ///   - rate: The learning rate.
  ///   - ranges: The values to move, or nil for all of them; the rest of the state is unchanged.
  ///   - context: How to execute.
  /// - Throws: ``NetworkError/valueCount(what:expected:found:)`` where the numbers of values differ,
  ///   ``NetworkError/rangeOutOfBounds(what:range:count:)`` for a range outside of the values.
  mutating func step(
    _ values: inout [Float], gradient: [Float], rate: Float, ranges: [Range<Int>]?,
    context: ExecutionContext
  ) throws
}

extension Optimizer {
  /// Takes one step of size `rate` on all values, or on those in `ranges`.
  ///
  /// - Throws: ``NetworkError`` where the numbers of values differ or a range is out of bounds.
  public mutating func step(
    _ values: inout [Float], gradient: [Float], rate: Float, ranges: [Range<Int>]? = nil
  ) throws {
    try step(&values, gradient: gradient, rate: rate, ranges: ranges, context: .default)
  }

  /// Takes one step of size `rate` on all values.
  ///
  /// - Throws: ``NetworkError`` where the numbers of values differ.
  public mutating func step(
    _ values: inout [Float], gradient: [Float], rate: Float, context: ExecutionContext
  ) throws {
    try step(&values, gradient: gradient, rate: rate, ranges: nil, context: context)
  }

  /// Takes over the state of another optimizer of this kind.
  ///
  /// - Throws: ``NetworkError/valueCount(what:expected:found:)`` where an array is missing (0 found) or
  ///   has another length, and for a negative number of steps.
  public mutating func restore(_ state: [String: [Float]], steps: Int) throws {
    guard steps >= 0 else {
      throw NetworkError.valueCount(what: "optimizer steps", expected: 0, found: steps)
    }
    var restored = self.state
    for (name, values) in restored {
      let found = state[name]?.count ?? 0
      guard found == values.count else {
        throw NetworkError.valueCount(
          what: "optimizer state \(name)", expected: values.count, found: found)
      }
      restored[name] = state[name]
    }
    self.state = restored
    self.steps = steps
  }
}

/// The bounds that every optimizer checks before it touches memory.
func checkStep(
  values: [Float], gradient: [Float], state: Int, ranges: [Range<Int>]?
) throws {
  guard gradient.count == values.count else {
    throw NetworkError.valueCount(
      what: "a gradient", expected: values.count, found: gradient.count)
  }
  guard state == values.count else {
    throw NetworkError.valueCount(
      what: "optimizer state", expected: values.count, found: state)
  }
  for range in ranges ?? [] where range.lowerBound < 0 || range.upperBound > values.count {
    throw NetworkError.rangeOutOfBounds(
      what: "a step", range: range, count: values.count)
  }
}
