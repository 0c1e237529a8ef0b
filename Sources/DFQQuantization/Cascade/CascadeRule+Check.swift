import DFQRuntime

extension CascadeRule {
  /// - Throws: ``QuantizationError/badSelector(expected:found:)`` for a batch outside 2...65536 or a
  ///   rate outside 0...1.
  func check() throws {
    switch self {
    case .threshold: return
    case .ranked(let batch):
      guard !(2...65536).contains(batch) else { return }
      throw QuantizationError.badSelector(
        expected: "a batch of 2...65536 images to rank", found: "\(batch)")
    case .streaming(let rate):
      guard !(rate > 0 && rate <= 1) else { return }
      throw QuantizationError.badSelector(
        expected: "a rate above 0 and at most 1", found: "\(rate)")
    }
  }
}
