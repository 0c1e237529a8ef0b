/// Who chooses the bits of a run.
public struct BitPolicy: Sendable, Hashable {
  package enum Choice: Sendable, Hashable {
    case selector
    case uniform(Int)
    case outputs([Int])
    case table([UInt8])
  }

  package let choice: Choice

  /// The student's selector; the only candidates of a static student.
  public static let selector = BitPolicy(choice: .selector)

  /// The same bits everywhere; an output without these bits takes the next more it has, or its most.
  public static func fixed(_ bits: Int) -> BitPolicy { BitPolicy(choice: .uniform(bits)) }

  /// The bits of every quantized output, in the order of ``QuantizedNetwork/quantizedOutputs``.
  public static func outputs(_ bits: [Int]) -> BitPolicy { BitPolicy(choice: .outputs(bits)) }

  /// The positions of candidates, image by image and output by output: controls, oracles and random
  /// bits of the first training steps.
  package static func table(_ positions: [UInt8]) -> BitPolicy {
    BitPolicy(choice: .table(positions))
  }

  /// Throws where the student cannot have these bits.
  package func check(_ student: QuantizedNetwork) throws {
    switch choice {
    case .selector, .table: break
    case .uniform(let bits):
      let known = Set(student.outputs.flatMap(\.bits))
      guard known.contains(bits) else {
        throw QuantizationError.notACandidate(bits: bits, candidates: known.sorted())
      }
    case .outputs(let bits):
      _ = try DecisionPlan.positions(bits, outputs: student.outputs)
    }
  }
}
