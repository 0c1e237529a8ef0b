/// What can be wrong with a quantizer, a selector, a budget or a student's file.
public enum QuantizationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A bit-width is outside 2...8.
  case bitsOutOfRange(what: String, found: Int)
  /// No candidate bits were given.
  case noCandidates
  /// The budget is below the cheapest candidates: nothing the selector does can meet it.
  case budgetUnreachable(budget: Double, cheapest: Double, unit: String)
  /// There are no images to calibrate on, train on or evaluate.
  case noImages(what: String)
  /// A range is NaN or infinite.
  case rangeNotFinite(layer: String)
  /// An override or ignore rule matches no layer.
  case ruleMatchesNothing(pattern: String)
  /// A control needs bits the student has no candidate for.
  case notACandidate(bits: Int, candidates: [Int])
  /// A file is no student, or its parts do not fit.
  case badStudent(path: String, expected: String, found: String)
  /// The data set's classes do not fit the network's.
  case classCount(expected: Int, found: Int)

  /// One line for people.
  public var description: String {
    switch self {
    case .bitsOutOfRange(let what, let found): "\(what) must be 2...8 bits, found \(found)"
    case .noCandidates: "at least one bit-width for activations is needed"
    case .budgetUnreachable(let budget, let cheapest, let unit):
      "the budget of \(budget) \(unit) is below the cheapest choice of bits, \(cheapest) \(unit)"
    case .noImages(let what): "\(what) needs at least one image, found none"
    case .rangeNotFinite(let layer):
      "layer \(layer): the range of its values is not finite; check the weights and images"
    case .ruleMatchesNothing(let pattern): "the rule \"\(pattern)\" matches no layer"
    case .notACandidate(let bits, let candidates):
      "\(bits) bits is none of the candidates \(candidates)"
    case .badStudent(let path, let expected, let found):
      "\(path) is no quantized network: expected \(expected), found \(found)"
    case .classCount(let expected, let found):
      "the network tells \(expected) classes apart, the data set has \(found)"
    }
  }
}
