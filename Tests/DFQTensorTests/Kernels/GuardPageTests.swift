internal import DFQTensor
internal import DFQTestSupport
import Foundation
internal import Testing

/// One call of a kernel, for every instruction set and every place of its buffers.
struct GuardedCall {
  /// What the call is, for whoever reads of its failure.
  var label: String
  /// What the buffers hold before.
  var buffers: [[Float]]
  /// How many doubles, all 1 before, each of the call's sums has.
  var sums: [Int] = []
  /// Floats of scratch, the last of the buffers the body gets.
  var scratch: (Kernels) -> Int = { _ in 0 }
  /// How far buffers and sums may be from those of the scalar kernel, relative to their largest.
  var tolerance: Float
  var body: (Kernels, [UnsafeMutablePointer<Float>], [UnsafeMutablePointer<Double>]) -> Void

  /// Runs the call in guarded memory.
  fileprivate func outcome(_ kernels: Kernels, _ placement: GuardedPlacement) -> Outcome {
    let doubles = sums.map { GuardedBuffer([Double](repeating: 1, count: $0), placement) }
    let memory = [Float](repeating: .nan, count: scratch(kernels))
    var result = Outcome(buffers + [memory], placement) { floats in
      body(kernels, floats, doubles.map(\.pointer))
      return doubles.flatMap(\.values)
    }
    result.buffers.removeLast()
    let intact = doubles.allSatisfy { $0.isIntact }
    #expect(intact, "a kernel wrote outside of its sums: \(label)")
    return result
  }
}

/// Kernels that are called alike.
///
/// A new family of kernels is one more of these in `all`.
struct KernelFamily: Sendable, CustomTestStringConvertible {
  var testDescription: String
  /// Hands every call of the family to `run`, one after the other.
  var calls: @Sendable (_ random: inout RandomStream, _ run: (GuardedCall) -> Void) -> Void

  init(
    _ name: String,
    _ calls: @escaping @Sendable (inout RandomStream, (GuardedCall) -> Void) -> Void
  ) {
    testDescription = name
    self.calls = calls
  }

  static let all =
    convolutions + integers + codes + winograds + activations + quantizations + elementwise
}

/// No kernel touches memory outside its buffers: these lie between inaccessible pages.
///
/// An access to such a page kills the process. `DFQ_PRINT_CASES=1` prints every case before its
/// call; the last one printed is then the culprit (the cases run one by one).
@Suite(.serialized) struct GuardPageTests {
  private let printsCases = ProcessInfo.processInfo.environment["DFQ_PRINT_CASES"] != nil

  @Test(arguments: KernelFamily.all) func staysInItsBuffers(family: KernelFamily) {
    var random = RandomStream(seed: 1, "guard pages", family.testDescription)
    var didSomething = false
    var calls = 0
    family.calls(&random) { call in
      var reference: Outcome?
      calls += 1
      for set in InstructionSet.available {
        // Scalar kernels, which take most of the time, have plain loops: the sides take turns.
        let placements: [GuardedPlacement] =
          set == .scalar ? [calls % 2 == 0 ? .start : .end] : GuardedPlacement.allCases
        for placement in placements {
          let context = "\(family.testDescription), \(set.rawValue), \(placement): \(call.label)"
          if printsCases { FileHandle.standardError.write(Data("\(context)\n".utf8)) }
          let outcome = call.outcome(Kernels(set), placement)
          let expected = reference ?? outcome
          reference = expected
          outcome.expectClose(expected, tolerance: call.tolerance, context)
          let bound = Double(call.tolerance) * expected.numbers.reduce(1) { max($0, abs($1)) }
          let close = zip(outcome.numbers, expected.numbers)
            .allSatisfy { $0 == $1 || abs($0 - $1) <= bound }
          #expect(close, "\(outcome.numbers), not \(expected.numbers): \(context)")
        }
      }
      if let reference {
        didSomething =
          didSomething || reference.buffers != call.buffers
          || reference.numbers.contains { $0 != 1 }
      }
    }
    #expect(didSomething, "no call of \(family.testDescription) changed anything")
  }

  #if compiler(>=6.2)
    @Test func theGuardsWork() async {
      await #expect(processExitsWith: .failure) {
        GuardedBuffer<Float>([1, 2, 3], .start).pointer[-1] = 0
      }
      await #expect(processExitsWith: .failure) {
        let buffer = GuardedBuffer<Float>([1, 2, 3], .end)
        print(buffer.pointer[3])
      }
    }
  #endif

  @Test func writesBesideTheElementsShow() {
    let buffer = GuardedBuffer<Float>([1, 2, 3], .middle)
    #expect(buffer.isIntact && buffer.values == [1, 2, 3])
    buffer.pointer[3] = 0
    #expect(!buffer.isIntact)
  }

  @Test(arguments: GuardedPlacement.allCases) func bytesWrittenBesideTheElementsShow(
    placement: GuardedPlacement
  ) {
    for count in 0...9 {
      let sides = placement == .start ? [count] : placement == .end ? [-1] : [-1, count]
      for side in sides {
        let buffer = GuardedBuffer([UInt8](repeating: 7, count: count), placement)
        #expect(buffer.isIntact && buffer.values.allSatisfy { $0 == 7 })
        buffer.pointer[side] = 0
        #expect(!buffer.isIntact)
      }
    }
  }
}
