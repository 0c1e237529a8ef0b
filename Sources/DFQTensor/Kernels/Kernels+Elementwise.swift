internal import CDFQKernels

extension Kernels {
  /// Adds a * x to y.
  package func axpy(
    _ a: Float, x: UnsafePointer<Float>, count: Int, y: UnsafeMutablePointer<Float>
  ) {
    table.axpy(a, x, count, y)
  }

  /// The inner product.
  package func dot(x: UnsafePointer<Float>, y: UnsafePointer<Float>, count: Int) -> Double {
    table.dot(x, y, count)
  }

  /// Writes the logistic function 1 / (1 + e^-x), times x where it `multiplies`; `output` may be `x`.
  package func logistic(
    _ x: UnsafePointer<Float>, count: Int, multiplies: Bool, output: UnsafeMutablePointer<Float>
  ) {
    table.logistic(x, count, multiplies ? 1 : 0, output)
  }

  /// Multiplies gradients with the derivative of ``logistic(_:count:multiplies:output:)`` at x.
  package func logisticSlopes(
    at x: UnsafePointer<Float>, count: Int, multiplies: Bool,
    gradient: UnsafeMutablePointer<Float>
  ) {
    table.logistic_slopes(x, count, multiplies ? 1 : 0, gradient)
  }

  /// The smallest and the largest element; both are NaN if any element is NaN.
  package func minimumMaximum(x: UnsafePointer<Float>, count: Int) -> (Float, Float) {
    var low: Float = 0
    var high: Float = 0
    table.minimum_maximum(x, count, &low, &high)
    return (low, high)
  }

  /// One step of stochastic gradient descent with momentum and weight decay, by PyTorch's rule.
  package func sgd(
    _ weight: UnsafeMutablePointer<Float>, velocity: UnsafeMutablePointer<Float>,
    gradient: UnsafePointer<Float>, count: Int, rate: Float, momentum: Float, decay: Float,
    nesterov: Bool
  ) {
    table.sgd(weight, velocity, gradient, count, rate, momentum, decay, nesterov ? 1 : 0)
  }

  /// One step of Adam; `correction1` and `correction2` are 1 - beta^t.
  package func adam(
    _ weight: UnsafeMutablePointer<Float>, first: UnsafeMutablePointer<Float>,
    second: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, count: Int, rate: Float,
    beta1: Float, beta2: Float, epsilon: Float, correction1: Float, correction2: Float
  ) {
    table.adam(
      weight, first, second, gradient, count, rate, beta1, beta2, epsilon, correction1,
      correction2)
  }
}
