public import DynaDFQ

/// |a - b| / |b| in the l2 norm.
public func relativeDistance(_ a: [Float], _ b: [Float]) -> Double {
  precondition(a.count == b.count, "\(a.count) against \(b.count) values")
  var difference = 0.0
  var norm = 0.0
  for (x, y) in zip(a, b) {
    difference += (Double(x) - Double(y)) * (Double(x) - Double(y))
    norm += Double(y) * Double(y)
  }
  return norm > 0 ? (difference / norm).squareRoot() : difference.squareRoot()
}

/// The largest |a - b|.
public func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  precondition(a.count == b.count, "\(a.count) against \(b.count) values")
  return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// The directional derivative of `loss` at `point` along `direction` by central differences of step
/// `h`.
public func directionalDerivative(
  at point: [Float], along direction: [Float], step h: Float,
  _ loss: ([Float]) throws -> Double
) rethrows -> Double {
  let ahead = zip(point, direction).map { $0 + h * $1 }
  let behind = zip(point, direction).map { $0 - h * $1 }
  // The float inputs moved by what rounding left of h, so measure the step actually taken.
  var taken = 0.0
  var norm = 0.0
  for index in point.indices {
    taken += Double(ahead[index] - behind[index]) * Double(direction[index])
    norm += Double(direction[index]) * Double(direction[index])
  }
  return try (loss(ahead) - loss(behind)) / (taken / norm)
}

/// The inner product in double precision.
public func dot(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

extension RandomStream {
  /// A tensor of standard normal numbers times `deviation`.
  public mutating func tensor(_ shape: Shape, deviation: Float = 1) -> Tensor {
    Tensor(shape: shape, elements: normals(shape.count).map { $0 * deviation })
  }
}

/// Runs `body` for every value and, where it throws or records an issue, says for which.
public func withEvery<Value>(
  _ label: String, in values: some Sequence<Value>, _ body: (Value) throws -> Void
) rethrows {
  for value in values {
    do {
      try body(value)
    } catch {
      print("failed for \(label) = \(value)")
      throw error
    }
  }
}
