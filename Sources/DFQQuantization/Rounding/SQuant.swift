public import DFQEngine

/// Rounding whose errors cancel: SQuant (Guo et al., "SQuant: On-the-Fly Data-Free Quantization via
/// Diagonal Hessian Approximation", ICLR 2022).
///
/// Every weight starts at the nearest code; its error is e = code - weight / step. Where the errors
/// of a kernel (the taps of one input channel for one output channel) add up to more than a half, as
/// many codes as the rounded sum are flipped to the other neighbour, those with the largest |e| of
/// the sum's sign. The same is then done for each output channel, with at most one flip in a kernel.
/// Afterwards |sum e| <= 1/2 holds for channels, and for kernels |sum e| <= 1 at most.
///
/// It needs neither images nor gradients. A weight outside of its grid keeps its saturated code, and
/// its error counts for nothing.
public struct SQuant: WeightRounding {
  /// Its name in files.
  public static var kind: String { "squant" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "Some codes go to the other neighbour, so that errors cancel in kernels and channels.",
    cost: 1.5,
    reference: .init(
      "Guo et al.",
      "SQuant: On-the-Fly Data-Free Quantization via Diagonal Hessian Approximation", "ICLR", 2022),
    formula: "|sum e| <= 1/2 in kernels, then in channels", page: "SQuant")

  /// Makes the way of rounding; it has no settings.
  public init() {}

  /// Replaces each weight by the value of its code.
  public func round(_ layer: RoundedLayer, values: UnsafeMutableBufferPointer<Float>) {
    layer.write(codes(layer), to: values)
  }

  /// The codes after all flips.
  public func codes(_ layer: RoundedLayer) -> [Int32] {
    var codes = [Int32](repeating: 0, count: layer.weights.count)
    for channel in 0..<layer.channels {
      var flips = ChannelFlips(layer, channel: channel)
      flips.flipInKernels()
      flips.flipInChannel()
      for (place, code) in flips.codes.enumerated() {
        codes[place * layer.channels + channel] = Int32(code)
      }
    }
    return codes
  }

  /// Stops the gradient at clipped weights and returns the steps' gradients: those of
  /// ``NearestRounding`` with this rounding's codes.
  public func backward(
    _ layer: RoundedLayer, gradient: UnsafeMutableBufferPointer<Float>
  ) -> [Float] {
    layer.straightThrough(codes(layer), gradient: gradient)
  }
}

/// The codes and errors of one output channel, in the order of taps and, within a tap, inputs.
private struct ChannelFlips {
  private let taps: Int
  private let inputs: Int
  private(set) var codes: [Int]
  /// Code minus weight / step; 0 where the weight lies outside of the grid.
  private var errors: [Float]
  /// The one flip of each kernel that the channel may still ask for: the place and the step.
  private var candidates: [(place: Int, step: Int)] = []

  init(_ layer: RoundedLayer, channel: Int) {
    let grid = layer.grids[layer.grids.count == 1 ? 0 : channel]
    let count = layer.weights.count / layer.channels
    taps = layer.taps
    inputs = count / max(layer.taps, 1)
    codes = []
    errors = []
    codes.reserveCapacity(count)
    errors.reserveCapacity(count)
    for place in 0..<count {
      let v = layer.weights[place * layer.channels + channel] * grid.levelsPerUnit - grid.zero
      let code = grid.code(layer.weights[place * layer.channels + channel])
      codes.append(code)
      errors.append(v >= grid.lowest && v <= grid.highest ? Float(code) - v : 0)
    }
  }

  private mutating func flip(_ place: Int, _ step: Int) {
    codes[place] += step
    errors[place] += Float(step)
  }

  /// The places whose flip by `step` takes a rounding back to the other neighbour, the largest errors
  /// first.
  private func order(_ places: some Sequence<Int>, step: Int) -> [Int] {
    places.filter { step > 0 ? errors[$0] < 0 : errors[$0] > 0 }
      .sorted { (abs(errors[$0]), $1) > (abs(errors[$1]), $0) }
  }

  /// Flips within every kernel until its errors add up to a half at most; then notes the flip that
  /// the channel may ask of it: the next one, or the last one back where it went past zero.
  mutating func flipInKernels() {
    // A kernel of one tap has nothing to cancel with: all of its weights are candidates.
    guard taps > 1 else {
      candidates = errors.indices.filter { errors[$0] != 0 }.map { ($0, errors[$0] < 0 ? 1 : -1) }
      return
    }
    for input in 0..<inputs {
      let places = stride(from: input, to: codes.count, by: inputs)
      let sum = places.reduce(0) { $0 + Double(errors[$1]) }
      guard sum != 0 else { continue }
      let step = sum < 0 ? 1 : -1
      let order = order(places, step: step)
      let count = min(Int(abs(sum).rounded(.toNearestOrEven)), order.count)
      for place in order.prefix(count) { flip(place, step) }
      if count > 0, Double(count) >= abs(sum) {
        candidates.append((order[count - 1], -step))
      } else if count < order.count {
        candidates.append((order[count], step))
      }
    }
  }

  /// Flips candidates until the errors of the channel add up to a half at most.
  mutating func flipInChannel() {
    let sum = errors.reduce(0) { $0 + Double($1) }
    let step = sum < 0 ? 1 : -1
    let count = Int(abs(sum).rounded(.toNearestOrEven))
    let places = candidates.filter { $0.step == step }.map(\.place)
    for place in order(places, step: step).prefix(count) { flip(place, step) }
  }
}
