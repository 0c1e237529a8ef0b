import DFQRuntime
import DFQTensor

/// Models of a few hundred bytes that together have every kind of operation.
enum TinyModels {
  /// Made anew by every test: the leak checker does not follow what a global's enumerations hold.
  static var all: [(name: String, model: IntegerModel)] {
    [
      ("codes", model([codes(bits: 4)])),
      ("depthwise", model([depthwise()])),
      ("decision", model([decision(hidden: 0)])),
      ("hidden", model([decision(hidden: 3)])),
      ("passes", model([passes()])),
      ("winograd", model([winograd()])),
      ("numbers", model([numbers()])),
      ("moves", model([moves()])),
      (
        "ranked",
        model(
          [codes(bits: 3), codes(bits: 8)], thresholds: [0.5], shares: [0.5],
          rule: .ranked(batch: 2))
      ),
      (
        "streaming",
        model(
          [codes(bits: 3), depthwise(), passes()], thresholds: [2, 3], shares: [0.9, 0.5],
          rule: .streaming(rate: 0.02))
      ),
      ("rounded", model([roundedDecision()])),
      ("deferred", model([deferredDecision()])),
    ]
  }

  private static func model(
    _ levels: [IntegerProgram], thresholds: [Float] = [], shares: [Double] = [],
    rule: CascadeRule = .threshold
  ) -> IntegerModel {
    IntegerModel(
      levels: levels, thresholds: thresholds, shares: shares, rule: rule, mean: [0.5, 0.4],
      standardDeviation: [0.3, 0.2], classNames: ["a", "b", "c"])
  }

  /// The image in codes, a convolution of codes, a maximum, a linear layer of codes.
  private static func codes(bits: Int) -> IntegerProgram {
    var builder = TinyProgram(image: [6, 6, 2])
    let image = builder.point([8], low: -3)
    var x = builder.add(Operation(.identity, input: 0), [6, 6, 2], image)
    let first = builder.point([bits])
    x = builder.convolution(x, [6, 6, 5], kernel: 3, pad: 1, point: first, bits: bits)
    x = builder.pool(x, [3, 3, 5], kernel: 2, stride: 2, point: first)
    x = builder.add(Operation(.reshape, input: x), [45], first)
    return builder.finish(x, bits: bits)
  }

  /// A strided first layer in floating point, a depthwise layer, codes whose zero points need 9 bits,
  /// means of windows.
  private static func depthwise() -> IntegerProgram {
    var builder = TinyProgram(image: [6, 6, 2])
    var x = builder.convolution(
      0, [3, 3, 20], kernel: 3, pad: 1, stride: 2, point: builder.point([5]), bits: nil)
    x = builder.convolution(
      x, [3, 3, 20], kernel: 3, pad: 1, point: builder.point([3], low: -1), bits: 4,
      isDepthwise: true)
    x = builder.convolution(
      x, [3, 3, 4], kernel: 1, pad: 0, point: builder.point([8], low: -2), bits: 8, zero: -3)
    x = builder.pool(
      x, [2, 2, 4], kernel: 2, stride: 2, pad: 1, point: builder.point([4]), isMean: true)
    x = builder.add(Operation(.globalAveragePool, input: x), [4], nil)
    return builder.finish(x, bits: nil)
  }

  /// A short cut with padded channels, and bits that the image decides.
  private static func decision(hidden: Int) -> IntegerProgram {
    var builder = TinyProgram(image: [6, 6, 2])
    let (stem, middle, end) = (
      builder.point([2, 4, 8]), builder.point([3, 5]), builder.point([4, 6])
    )
    let x = builder.convolution(0, [6, 6, 3], kernel: 3, pad: 1, point: stem, bits: nil)
    let y = builder.convolution(
      x, [3, 3, 6], kernel: 3, pad: 1, stride: 2, point: middle, bits: 3, versions: 3)
    let short = builder.add(
      Operation(.padChannels(stride: 2, before: 1), input: x), [3, 3, 6], stem)
    let sum = builder.convolution(
      y, [3, 3, 6], kernel: 3, pad: 1, point: end, bits: 2, residual: short)
    let mean = builder.add(Operation(.globalAveragePool, input: sum), [6], nil)
    var program = builder.finish(mean, bits: nil)
    for (place, governs) in [[stem, end], [middle]].enumerated() {
      let channels = place == 0 ? 3 : 6
      let candidates = place == 0 ? 2 : 2
      program.decisions.append(
        Decision(
          point: place == 0 ? stem : middle, statistics: [.deviation, .mean], positions: 2,
          levels: 20, means: builder.floats(2 * channels),
          inverseDeviations: builder.floats(2 * channels), hidden: hidden,
          parameters: builder.floats(
            HeadArithmetic(features: 2 * channels, hidden: hidden, candidates: candidates)
              .parameterCount), penalties: builder.floats(candidates),
          governs: governs.map { .init(point: $0, candidates: [0, 1]) }))
    }
    return program
  }

  /// Two decisions from the same codes.
  private static func roundedDecision() -> IntegerProgram {
    var program = decision(hidden: 0)
    let stem = program.decisions[0]
    program.decisions = [1, 2].map { point in
      var decision = stem
      decision.isRounded = true
      decision.governs = [.init(point: point, candidates: [1, 0])]
      return decision
    }
    return program
  }

  /// A decision from codes whose bits are read two steps later.
  private static func deferredDecision() -> IntegerProgram {
    var program = roundedDecision()
    program.decisions.removeFirst()
    return program
  }

  private static func passes() -> IntegerProgram {
    var program = decision(hidden: 0)
    program.decisions = []
    program.passes = [[0, 0, 0], [1, 0, 1], [2, 1, 1]]
    program.passThresholds = [0.5, 1]
    return program
  }

  /// Enough channels for Winograd's algorithm in bytes.
  private static func winograd() -> IntegerProgram {
    var builder = TinyProgram(image: [6, 6, 2])
    let (first, second) = (builder.point([4, 6]), builder.point([3]))
    let x = builder.convolution(0, [5, 5, 16], kernel: 2, pad: 0, point: first, bits: nil)
    let y = builder.convolution(
      x, [5, 5, 16], kernel: 3, pad: 1, point: second, bits: 2, residual: x)
    let z = builder.pool(y, [1, 1, 16], kernel: 5, stride: 1, point: second)
    return builder.finish(z, bits: 2)
  }
}
