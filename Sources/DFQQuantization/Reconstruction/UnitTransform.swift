#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
package import DFQEngine
package import DFQTensor

/// The quantizers of the activations within a unit, some elements of which are dropped.
///
/// Gradients pass inside a grid and at dropped elements, and steps have LSQ's gradient (Esser 2020, equation 3)
/// without its scale, with respect to their logarithms. Where a point has several candidates, every
/// image draws one.
package final class UnitTransform: ActivationTransform, @unchecked Sendable {
  package let nodes: [Int]
  /// The grids, by point and candidate.
  package var grids: [[Grid]]
  package var mask: DropMask
  private let counts: [Int]
  private let kernels: Kernels
  private let candidates: Int
  private var sums: ShardSums<Double>

  package init(
    nodes: [Int], grids: [[Grid]], counts: [Int], batch: Int, keptShare: Float, kernels: Kernels
  ) {
    self.nodes = nodes
    self.grids = grids
    self.counts = counts
    self.kernels = kernels
    candidates = grids.map(\.count).max() ?? 1
    mask = DropMask(key: 0, share: keptShare)
    sums = ShardSums(shards: Shards.count(batch: batch), count: nodes.count * candidates)
  }

  /// Forgets the gradients of the last pass and draws anew.
  package func begin(key: UInt64) {
    mask.key = key
    sums.clear()
  }

  private func candidate(_ point: Int, _ stream: UInt64) -> Int {
    grids[point].count == 1 ? 0 : Int(DropMask.mixed(~stream) % UInt64(grids[point].count))
  }

  package func forward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>?, codes: UnsafeMutablePointer<UInt8>?
  ) {
    guard let output else { return }
    let stream = mask.stream(point: point, image: image)
    let grid = grids[point][candidate(point, stream)]
    kernels.fakeQuantize(
      x: raw, count: counts[point], levelsPerUnit: grid.levelsPerUnit, zero: grid.zero,
      minimum: grid.lowest, maximum: grid.highest, y: output)
    guard mask.keepsAny else { return }
    mask.keep(raw, stream: stream, count: counts[point], into: output, kernels: kernels)
  }

  package func backward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let stream = mask.stream(point: point, image: image)
    let chosen = candidate(point, stream)
    let grid = grids[point][chosen]
    var sum = 0.0
    guard mask.keepsAny else {
      sum = backward(grid, raw, count: counts[point], gradient)
      sums[shard][point * candidates + chosen] += sum * Double(grid.scale)
      return
    }
    // Part by part, so that the gradients of quantized elements stay in the cache.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: UnitTransform.part) { quantized in
      let quantized = quantized.baseAddress!
      for first in stride(from: 0, to: counts[point], by: UnitTransform.part) {
        let count = min(UnitTransform.part, counts[point] - first)
        let slopes = gradient + first
        mask.clear(
          slopes, stream: stream, first: first, count: count, into: quantized, kernels: kernels)
        sum += backward(grid, raw + first, count: count, quantized)
        mask.keep(
          slopes, stream: stream, first: first, count: count, into: quantized, kernels: kernels)
        slopes.update(from: quantized, count: count)
      }
    }
    sums[shard][point * candidates + chosen] += sum * Double(grid.scale)
  }

  /// Elements that are computed at a time.
  private static let part = 4096

  /// Clears gradients outside of a grid; returns the gradient at the step in units of the step.
  private func backward(
    _ grid: Grid, _ raw: UnsafePointer<Float>, count: Int, _ gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    var sum = 0.0
    if grid.zero == 0 {
      kernels.learnedStepsBackward(
        x: raw, gradient: gradient, count: count, candidates: 1,
        levelsPerUnit: [grid.levelsPerUnit], minimum: [grid.lowest], maximum: [grid.highest],
        share: [1], xGradient: gradient, dots: nil, stepGradient: &sum)
      return sum
    }
    for element in 0..<count {
      let (code, slope) = (raw[element] * grid.levelsPerUnit - grid.zero, gradient[element])
      if code < grid.lowest {
        sum += Double(slope * (grid.lowest + grid.zero))
        gradient[element] = 0
      } else if code > grid.highest {
        sum += Double(slope * (grid.highest + grid.zero))
        gradient[element] = 0
      } else {
        sum += Double(slope * (code.rounded(.toNearestOrEven) - code))
      }
    }
    return sum
  }

  /// The gradient at the logarithm of each step, point after point.
  package func stepGradient(_ reduction: Reduction) -> [Float] {
    let total = reduction.total(sums, 0..<sums.count)
    return grids.indices.flatMap { point in
      grids[point].indices.map { Float(total[point * candidates + $0]) }
    }
  }

  /// The logarithms of the steps, in the same order.
  package var logarithms: [Float] {
    get { grids.flatMap { $0 }.map { -log($0.levelsPerUnit) } }
    set {
      var next = newValue.makeIterator()
      for point in grids.indices {
        for place in grids[point].indices { grids[point][place].levelsPerUnit = exp(-next.next()!) }
      }
    }
  }
}
