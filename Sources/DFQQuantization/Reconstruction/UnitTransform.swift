#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
package import DFQEngine
package import DFQTensor

/// Which elements stay in floating point in a step: QDrop's draws, a function of the step's key, the point, the image
/// and the element.
package struct DropMask {
  /// What is drawn in a step.
  package var key: UInt64
  /// The share that is kept.
  package let share: Float

  /// Makes a mask.
  package init(key: UInt64, share: Float) {
    self.key = key
    self.share = share
  }

  /// Whether any draw keeps an element.
  package var keepsAny: Bool { share > 0 }

  /// A place of its own for every point and image.
  package func stream(point: Int, image: Int) -> UInt64 {
    DropMask.mixed(key &+ UInt64(point + 1) &* 0xD6E8_FEB8_6659_FD93 ^ UInt64(image) << 32)
  }

  /// Whether an element of a stream is kept.
  package func keeps(_ stream: UInt64, _ element: Int) -> Bool {
    Float(DropMask.mixed(stream &+ UInt64(element)) >> 40) * 0x1p-24 < share
  }

  /// SplitMix64's step.
  static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

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
    for element in 0..<counts[point] where mask.keeps(stream, element) {
      output[element] = raw[element]
    }
  }

  package func backward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let stream = mask.stream(point: point, image: image)
    let chosen = candidate(point, stream)
    let grid = grids[point][chosen]
    var sum = 0.0
    for element in 0..<counts[point] {
      if mask.keepsAny, mask.keeps(stream, element) { continue }
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
    sums[shard][point * candidates + chosen] += sum * Double(grid.scale)
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
