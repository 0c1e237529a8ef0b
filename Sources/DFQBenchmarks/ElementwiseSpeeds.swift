public import DFQTensor

/// The elementwise kernels' measured speed, on one thread, for a 32x32 map of 16 channels.
public struct ElementwiseSpeeds: Sendable {
  /// One kernel.
  public struct Row: Sendable, Encodable {
    /// What it computes.
    public let kernel: String
    /// 10^9 bytes read and written per second.
    public let bytes: Double
  }

  /// One for each kernel of the training and synthesis steps.
  public let rows: [Row]

  /// Measures every kernel for about `seconds`.
  public init(context: ExecutionContext, seconds: Double = 0.05) {
    let kernels = context.kernels
    let (pixels, channels) = (1024, 16)
    let count = pixels * channels
    let memory = (0..<5).map { offset in (0..<count).map { Float(($0 + offset) % 7) - 3 } }
    var sums = [Double](repeating: 0, count: 2 * channels)
    let grid: (Float, Float, Float, Float) = (2, 0, 0, 15)
    var rows: [Row] = []
    let buffers = memory.map { source in
      let start = UnsafeMutablePointer<Float>.allocate(capacity: count)
      start.initialize(from: source, count: count)
      return start
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    let (x, g, y, scale, shift) = (buffers[0], buffers[1], buffers[2], buffers[3], buffers[4])
    func measure(_ kernel: String, maps: Int, _ body: () -> Void) {
      let speed = KernelSpeed.best(seconds: seconds) {
        body()
        return maps * count * 4
      }
      rows.append(Row(kernel: kernel, bytes: speed))
    }
    measure("normalization, activation", maps: 2) {
      kernels.affineActivation(
        x: x, scale: scale, shift: shift, residual: nil, negativeSlope: 0, upperBound: .infinity,
        pixels: pixels,
        channels: channels, y: y)
    }
    measure("their gradient", maps: 3) {
      kernels.affineActivationBackward(
        gradient: g, x: x, scale: scale, shift: shift, residual: nil, negativeSlope: 0,
        upperBound: .infinity,
        pixels: pixels, channels: channels, xGradient: y, residualGradient: nil,
        accumulateResidual: false, scaleGradient: nil, shiftGradient: nil)
    }
    measure("moments", maps: 1) {
      sums.withUnsafeMutableBufferPointer {
        kernels.moments(
          x: x, pixels: pixels, channels: channels, sum: $0.baseAddress!,
          squareSum: $0.baseAddress! + channels)
      }
    }
    measure("fake quantization", maps: 2) {
      kernels.fakeQuantize(
        x: x, count: count, levelsPerUnit: grid.0, zero: grid.1, minimum: grid.2, maximum: grid.3,
        y: y)
    }
    measure("gradient of a learned step", maps: 3) {
      kernels.learnedStepsBackward(
        x: x, gradient: g, count: count, candidates: 1, levelsPerUnit: [grid.0],
        minimum: [grid.2], maximum: [grid.3], share: [1], xGradient: y, dots: nil,
        stepGradient: &sums)
    }
    measure("Adam", maps: 7) {
      kernels.adam(
        y, first: scale, second: shift, gradient: g, count: count, rate: 1e-9, beta1: 0.9,
        beta2: 0.999, epsilon: 1e-8, correction1: 0.5, correction2: 0.5)
    }
    measure("SGD", maps: 5) {
      kernels.sgd(
        y, velocity: scale, gradient: g, count: count, rate: 1e-9, momentum: 0.9, decay: 0,
        nesterov: true)
    }
    self.rows = rows
  }
}
