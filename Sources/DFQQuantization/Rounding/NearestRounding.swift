public import DFQEngine

/// Every weight becomes the nearest value of its grid, ties to the even code.
///
/// Gradients pass unchanged, or not at all where a weight was clipped; learned steps have LSQ's
/// gradient (Esser 2020, equation 3) with its scale of 1 / sqrt(count * highest code).
public struct NearestRounding: WeightRounding {
  /// Its name in files.
  public static var kind: String { "nearest" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "Every weight to the nearest value of its grid; steps learn by LSQ's gradient.",
    reference: .init("Esser et al.", "Learned Step Size Quantization", "ICLR", 2020),
    formula: "dw/d(log s) = s (round(w / s) - w / s) inside the grid, s * end outside")

  /// Makes the way of rounding; it has no settings.
  public init() {}

  /// Replaces each weight by the nearest value of its grid.
  public func round(_ layer: RoundedLayer, values: UnsafeMutableBufferPointer<Float>) {
    guard let start = values.baseAddress, let first = layer.grids.first else { return }
    if layer.grids.count == 1 {
      layer.kernels.fakeQuantize(
        x: start, count: values.count, levelsPerUnit: first.levelsPerUnit, zero: first.zero,
        minimum: first.lowest, maximum: first.highest, y: start)
    } else {
      layer.kernels.fakeQuantizeChannels(
        x: start, rows: values.count / layer.channels, channels: layer.channels,
        levelsPerUnit: layer.grids.map(\.levelsPerUnit), zero: layer.grids.map(\.zero),
        minimum: first.lowest, maximum: first.highest, y: start)
    }
  }

  /// The codes nearest to the weights, without a detour through rounded values.
  public func codes(_ layer: RoundedLayer) -> [Int32] {
    layer.weights.indices.map { Int32(layer.grid(of: $0).code(layer.weights[$0])) }
  }

  /// Stops the gradient at clipped weights and returns the steps' gradients.
  public func backward(
    _ layer: RoundedLayer, gradient: UnsafeMutableBufferPointer<Float>
  ) -> [Float] {
    guard layer.learnsStep || layer.backward == .clipped else { return [] }
    let channels = layer.channels
    let perChannel = layer.grids.count == channels
    var sums = [Double](repeating: 0, count: layer.grids.count)
    // Adding and subtracting 1.5 * 2^23 rounds half to even for magnitudes below 2^22, without a
    // library call.
    let magic: Float = 12_582_912
    layer.grids.withUnsafeBufferPointer { grids in
      var channel = 0
      for position in layer.weights.indices {
        let slot = perChannel ? channel : 0
        let grid = grids[slot]
        let v = layer.weights[position] * grid.levelsPerUnit - grid.zero
        let g = gradient[position]
        if v < grid.lowest {
          sums[slot] += Double(g * (grid.lowest + grid.zero))
          gradient[position] = 0
        } else if v > grid.highest {
          sums[slot] += Double(g * (grid.highest + grid.zero))
          gradient[position] = 0
        } else {
          sums[slot] += Double(g * (((v + magic) - magic) - v))
        }
        channel = channel + 1 == channels ? 0 : channel + 1
      }
    }
    let perStep = Double(layer.weights.count / layer.grids.count)
    return sums.indices.map { slot in
      let scale = 1 / (perStep * Double(layer.grids[slot].highest)).squareRoot()
      return Float(sums[slot] * scale) * layer.grids[slot].scale
    }
  }
}
