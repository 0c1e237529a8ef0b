import DFQFiles
public import Foundation

/// What can be wrong with a quantizer, a selector, a budget, a student or its file.
public enum QuantizationError: Error, Equatable, Sendable {
  /// A bit width is outside 2...8.
  case bitsOutOfRange(what: String, found: Int)
  /// No candidate bits were given.
  case noCandidates
  /// The budget is below the cost of the cheapest candidates, so no choice of bits can meet it.
  case budgetUnreachable(budget: Double, cheapest: Double, unit: String)
  /// There are no images to calibrate on, train on or evaluate.
  case noImages(what: String)
  /// The range of a layer's values is NaN or infinite.
  case rangeNotFinite(layer: String)
  /// A range rule cannot be used for weights or activations, or its number is out of bounds.
  case badRange(part: String, expected: String, found: String)
  /// An override or ignore rule matches no layer.
  case ruleMatchesNothing(pattern: String)
  /// A selector's settings, or the decisions it takes in a network, are out of bounds.
  case badSelector(expected: String, found: String)
  /// Bits were asked for that the student has no candidate for.
  case notACandidate(bits: Int, candidates: [Int])
  /// A list of bits has another length than the student has quantized outputs, or than there are
  /// images.
  case bitsCount(what: String, expected: Int, found: Int)
  /// The weights of a layer stay in floating point, so there are no integers.
  case weightsAreFloat(layer: String)
  /// The weights of a layer do not have this bit width.
  case notAWeightWidth(layer: String, bits: Int, widths: [Int])
  /// A part of a student is NaN, infinite or not positive where it must be.
  case notFinite(layer: String, what: String)
  /// The network computed logits that are NaN or infinite.
  case logitsNotFinite(what: String, images: Int)
  /// A file is no student, or its parts do not fit.
  case badStudent(path: String, expected: String, found: String)
  /// The data set's classes do not fit the network's.
  case classCount(expected: Int, found: Int)
  /// Adaptive rounding's settings are out of bounds, or do not fit a student.
  case badReconstruction(expected: String, found: String)
  /// A data-free transform's setting is out of bounds.
  case badTransform(transform: String, expected: String, found: String)
  /// A data-free transform cannot be applied to a network.
  case notTransformable(transform: String, layer: String, reason: String)
}

extension QuantizationError: CustomStringConvertible {
  /// One line that names what was expected and what was found.
  public var description: String {
    switch self {
    case .bitsOutOfRange(let what, let found): "\(what) must have 2...8 bits, found \(found)"
    case .noCandidates: "at least one bit width for activations is needed"
    case .budgetUnreachable(let budget, let cheapest, let unit):
      "the budget of \(budget) \(unit) is below the cheapest choice of bits, \(cheapest) \(unit)"
    case .noImages(let what): "\(what) needs at least one image, found none"
    case .rangeNotFinite(let layer):
      "layer \(layer.oneLine): the range of its values is not finite; check the weights and images"
    case .badRange(let part, let expected, let found):
      "the range rule of \(part): \(expected) expected, found \(found)"
    case .ruleMatchesNothing(let pattern): "the rule \"\(pattern.oneLine)\" matches no layer"
    case .badSelector(let expected, let found):
      "the selector: \(expected.oneLine) expected, found \(found.oneLine)"
    case .notACandidate(let bits, let candidates):
      "\(bits) bits is none of the candidates \(candidates)"
    case .bitsCount(let what, let expected, let found):
      "bits for \(expected) \(what) expected, found \(found)"
    case .weightsAreFloat(let layer):
      "layer \(layer.oneLine): the weights stay in floating point, so there are no integers"
    case .notAWeightWidth(let layer, let bits, let widths):
      "layer \(layer.oneLine): the weights have \(widths) bits, not \(bits)"
    case .notFinite(let layer, let what):
      "layer \(layer.oneLine): \(what) are not finite numbers above 0; training has diverged, "
        + "so lower the learning rates"
    case .logitsNotFinite(let what, let images):
      "\(what): the logits of \(images) images are NaN or infinite; check the weights"
    case .badStudent(let path, let expected, let found):
      "\(path.oneLine) is no quantized network: expected \(expected.oneLine), "
        + "found \(found.oneLine)"
    case .classCount(let expected, let found):
      "the network tells \(expected) classes apart, the data set has \(found)"
    case .badReconstruction(let expected, let found):
      "adaptive rounding: \(expected.oneLine) expected, found \(found.oneLine)"
    case .badTransform(let transform, let expected, let found):
      "the transform \(transform.oneLine): \(expected.oneLine) expected, found \(found.oneLine)"
    case .notTransformable(let transform, let layer, let reason):
      "the transform \(transform.oneLine) does not apply to layer \(layer.oneLine): \(reason)"
    }
  }
}

extension QuantizationError: LocalizedError {
  /// The same line as `description`.
  public var errorDescription: String? { description }
}
