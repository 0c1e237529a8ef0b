public import DFQTensor

/// A layer's output that a student quantizes.
public struct QuantizedOutput: Sendable, Hashable {
  /// Its position among the student's quantized outputs, in the order of the graph.
  public let index: Int
  /// The name of its node in the graph.
  public let name: String
  /// Its shape, H W C or C.
  public let shape: Shape
  /// The bits it may have, ascending; one value where they are static.
  public let bits: [Int]
  /// The pattern of the rule that took effect, nil where none did.
  public let rule: String?

  /// Whether its bits can be chosen.
  public var isDynamic: Bool { bits.count > 1 }

  /// The position of the candidate that stands for `bits`: those bits, or the next more where it
  /// does not have them, or its most where it has no more.
  public func candidate(for bits: Int) -> Int {
    self.bits.firstIndex { $0 >= bits } ?? self.bits.count - 1
  }
}
