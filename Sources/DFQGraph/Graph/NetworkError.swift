import DFQFiles
public import DFQTensor
public import Foundation

/// What can be wrong with a network, its weights or what is asked of it.
public enum NetworkError: Error, Equatable, Sendable {
  /// A layer can't take the shapes it is given, or its settings are out of bounds.
  case shapeMismatch(layer: String, expected: String, found: String)
  /// Two layers have the same name.
  case duplicateLayer(name: String)
  /// A graph's text isn't a valid graph.
  case badGraph(reason: String)
  /// A parameter of a file doesn't fit the layer.
  case parameterShape(layer: String, parameter: String, expected: Shape, found: Shape)
  /// A file lacks a parameter.
  case missingParameter(layer: String, parameter: String, file: String)
  /// A file holds parameters the network has no place for.
  case unexpectedParameters(file: String, names: [String])
  /// A file doesn't fit the architecture, and something else would.
  case wrongArchitecture(file: String, problem: String, advice: String)
  /// A field of a file's metadata is missing or malformed.
  case badMetadata(file: String, field: String, expected: String, found: String)
  /// A file holds a quantized student, not a network in floating point.
  case isStudent(file: String)
  /// A rule for renaming parameters isn't of the form `pattern=replacement`.
  case badRename(rule: String, expected: String)
  /// Parameters are laid out for another network.
  case parametersDoNotFit(expected: String, found: String)
  /// A normalization isn't one mean and one standard deviation above 0 for each channel.
  case badPreprocessing(expected: String, found: String)
  /// A parameter holds NaN or infinity.
  case notFinite(layer: String, parameter: String)
  /// An architecture's name isn't known.
  case unknownArchitecture(found: String, known: [String])
  /// What a method needs isn't in the network.
  case missingLayers(what: String, why: String)
  /// Images have the wrong shape.
  case imageShape(expected: Shape, found: Shape)
  /// A label is outside 0..<classes.
  case labelOutOfRange(label: Int, classes: Int)
  /// A loss became NaN or infinite.
  case lossNotFinite(what: String, step: Int, value: String)
  /// A layer's value isn't kept, because it is computed together with the next one's.
  case notObserved(layer: String)
  /// The number of parameters differs from the network's.
  case parameterCount(expected: Int, found: Int)
  /// The number of values differs from what is required.
  case valueCount(what: String, expected: Int, found: Int)
  /// A range exceeds the values.
  case rangeOutOfBounds(what: String, range: Range<Int>, count: Int)
  /// The targets of an objective don't fit the batch or the layer it observes.
  case targetShape(objective: String, expected: Shape, found: Shape)
  /// A loss on moments was requested in training mode, which uses the batch's statistics.
  case momentsInTraining(objective: String)
  /// A batch has no images.
  case noImages(what: String)
  /// A layer has no step that computes it.
  case notExecutable(layer: String, reason: String)
  /// No layer has that name.
  case noSuchLayer(name: String)
  /// A graph has no node at that position.
  case noSuchNode(position: Int, count: Int)
}

extension NetworkError: CustomStringConvertible, LocalizedError {
  /// One line that names the file or layer, what was expected and what was found.
  public var description: String {
    switch self {
    case .shapeMismatch(let layer, let expected, let found):
      "layer \(layer.oneLine): expected \(expected.oneLine), found \(found.oneLine)"
    case .duplicateLayer(let name): "layer \(name.oneLine): another layer has the same name"
    case .badGraph(let reason): "not a valid graph: \(reason.oneLine(limit: 400))"
    case .parameterShape(let layer, let parameter, let expected, let found):
      "layer \(layer.oneLine): parameter \(parameter.oneLine) should have shape \(expected), "
        + "the file has \(found)"
    case .missingParameter(let layer, let parameter, let file):
      "layer \(layer.oneLine): \(file.oneLine) has no parameter \(parameter.oneLine)"
    case .unexpectedParameters(let file, let names):
      "\(file.oneLine): the network has no place for \(names.count) parameters, "
        + "the first is \((names.first ?? "").oneLine)"
    case .wrongArchitecture(let file, let problem, let advice):
      "\(file.oneLine): \(problem.oneLine(limit: 400)); \(advice.oneLine(limit: 400))"
    case .badMetadata(let file, let field, let expected, let found):
      "\(file.oneLine): metadata \"\(field.oneLine)\": expected \(expected.oneLine), "
        + "found \(found.oneLine(limit: 80))"
    case .isStudent(let file):
      "\(file.oneLine) is a quantized student; a network in floating point is expected here"
    case .badRename(let rule, let expected):
      "renaming \"\(rule.oneLine)\": expected \(expected.oneLine)"
    case .parametersDoNotFit(let expected, let found):
      "parameters don't fit the network: expected \(expected.oneLine), found \(found.oneLine)"
    case .badPreprocessing(let expected, let found):
      "normalization: expected \(expected.oneLine), found \(found.oneLine)"
    case .notFinite(let layer, let parameter):
      "layer \(layer.oneLine): parameter \(parameter.oneLine) holds NaN or infinity"
    case .unknownArchitecture(let found, let known):
      "architecture \"\(found.oneLine)\" is not known; known are \(known.joined(separator: ", "))"
    case .missingLayers(let what, let why): "the network has no \(what.oneLine): \(why)"
    case .imageShape(let expected, let found):
      "images should have shape \(expected), found \(found)"
    case .labelOutOfRange(let label, let classes):
      "label \(label) is outside 0..<\(classes)"
    case .lossNotFinite(let what, let step, let value):
      "\(what): the loss is \(value) at step \(step); lower the learning rate or check the weights"
    case .notObserved(let layer):
      "layer \(layer.oneLine) is not observed; name it when the executor is made"
    case .parameterCount(let expected, let found):
      "the network has \(expected) parameters, \(found) were given"
    case .valueCount(let what, let expected, let found):
      "\(what): expected \(expected) values, found \(found)"
    case .rangeOutOfBounds(let what, let range, let count):
      "\(what): the range \(range) is outside of \(count) values"
    case .targetShape(let objective, let expected, let found):
      "\(objective): targets should have shape \(expected), found \(found)"
    case .momentsInTraining(let objective):
      "\(objective): losses on moments need running statistics, not training mode"
    case .noImages(let what): "\(what) needs one image at least"
    case .notExecutable(let layer, let reason):
      "layer \(layer.oneLine): cannot be computed, \(reason)"
    case .noSuchNode(let position, let count):
      "the graph has no node \(position), its nodes are 0..<\(count)"
    case .noSuchLayer(let name): "the network has no layer \"\(name.oneLine)\""
    }
  }

  /// The same text as ``description``.
  public var errorDescription: String? { description }
}
