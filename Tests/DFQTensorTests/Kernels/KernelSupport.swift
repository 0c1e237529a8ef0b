internal import DFQTensor
internal import DFQTestSupport
internal import Testing

/// What a kernel left in its buffers, and whether it stayed inside them.
struct Outcome {
  var buffers: [[Float]]
  var numbers: [Double] = []

  /// Runs `body` over guarded copies of `buffers`.
  init(
    _ buffers: [[Float]], _ placement: GuardedPlacement = .middle,
    _ body: ([UnsafeMutablePointer<Float>]) -> [Double]
  ) {
    let guarded = buffers.map { GuardedBuffer($0, placement) }
    numbers = body(guarded.map(\.pointer))
    self.buffers = guarded.map(\.values)
    let intact = guarded.allSatisfy { $0.isIntact }
    #expect(intact, "a kernel wrote outside of its buffers")
  }

  var bits: [[UInt32]] { buffers.map { $0.map(\.bitPattern) } }

  /// Expects every element within `tolerance` of the other's, relative to the largest of its
  /// buffer.
  func expectClose(_ other: Outcome, tolerance: Float, _ context: String) {
    for (index, (a, b)) in zip(buffers, other.buffers).enumerated() where a != b {
      let scale = b.reduce(1) { max($0, abs($1)) }
      let worst = zip(a, b).reduce(Float(0)) { $1.0 == $1.1 ? $0 : max($0, abs($1.0 - $1.1)) }
      let finite = zip(a, b).allSatisfy { $0.isNaN == $1.isNaN }
      #expect(
        worst <= tolerance * scale && finite,
        "buffer \(index) differs by \(worst) of \(scale): \(context)")
    }
  }
}

/// Compares every instruction set above scalar with scalar, bit for bit.
func expectSameBits(
  _ buffers: [[Float]], _ context: String,
  _ body: (Kernels, [UnsafeMutablePointer<Float>]) -> [Double]
) {
  let reference = Outcome(buffers) { body(Kernels(.scalar), $0) }
  for set in InstructionSet.available where set != .scalar {
    let outcome = Outcome(buffers) { body(Kernels(set), $0) }
    #expect(outcome.bits == reference.bits, "\(set.rawValue): \(context)")
    #expect(
      outcome.numbers.map(\.bitPattern) == reference.numbers.map(\.bitPattern),
      "\(set.rawValue): \(context)")
  }
}

/// Counts around every vector and block length.
let counts = Array(0...70) + [127, 128, 1000, 1023, 1024, 1025, 2100]

/// Channel counts below, at and above one, two and four vectors.
let channelCounts = [1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 48, 63, 64, 70]

extension RandomStream {
  /// Numbers within a few units, with exact zeros, halves and both signs of zero among them.
  mutating func varied(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      switch integer(below: 12) {
      case 0: 0
      case 1: -0.0
      case 2: Float(integer(below: 9) - 4) / 2
      default: 2 * normal()
      }
    }
  }
}
