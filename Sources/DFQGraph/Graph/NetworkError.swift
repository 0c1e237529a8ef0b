public import DFQTensor

/// What can be wrong with a network, its weights or what is asked of it.
public enum NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A layer cannot take the shapes it is given.
  case shapeMismatch(layer: String, expected: String, found: String)
  /// A parameter of a file does not fit the layer.
  case parameterShape(layer: String, parameter: String, expected: Shape, found: Shape)
  /// A file lacks a parameter.
  case missingParameter(layer: String, parameter: String, file: String)
  /// A file holds parameters the architecture has no place for.
  case unexpectedParameters(file: String, names: [String])
  /// A parameter holds NaN or infinity.
  case notFinite(layer: String, parameter: String)
  /// An architecture's name is not known.
  case unknownArchitecture(found: String, known: [String])
  /// What a method needs is not in the network.
  case missingLayers(what: String, why: String)
  /// Images of a wrong shape were given.
  case imageShape(expected: Shape, found: Shape)
  /// A label is outside 0..<classes.
  case labelOutOfRange(label: Int, classes: Int)
  /// A loss became NaN or infinite.
  case lossNotFinite(what: String, step: Int, value: String)
  /// A layer's value is not kept, because it is computed together with the next one's.
  case notObserved(layer: String)
  /// Two layers have the same name.
  case duplicateLayer(name: String)
  /// Parameters of another number were given.
  case parameterCount(expected: Int, found: Int)
  /// Values of another number were given.
  case valueCount(what: String, expected: Int, found: Int)
  /// A range is outside of the values.
  case rangeOutOfBounds(what: String, range: Range<Int>, count: Int)
  /// An objective's targets do not fit the batch or the layer it looks at.
  case targetShape(objective: String, expected: Shape, found: Shape)
  /// A loss on moments was asked for in training mode, which has statistics of its own.
  case momentsInTraining(objective: String)
  /// A batch has no images.
  case noImages(what: String)
  /// A layer of that name does not exist.
  case noSuchLayer(name: String)

  /// One line for people.
  public var description: String {
    switch self {
    case .shapeMismatch(let layer, let expected, let found):
      "layer \(layer): expected \(expected), found \(found)"
    case .parameterShape(let layer, let parameter, let expected, let found):
      "layer \(layer): parameter \(parameter) should have shape \(expected), the file has \(found)"
    case .missingParameter(let layer, let parameter, let file):
      "layer \(layer): \(file) has no parameter \(parameter)"
    case .unexpectedParameters(let file, let names):
      "\(file) has \(names.count) parameters this architecture does not know, the first \(names[0])"
    case .notFinite(let layer, let parameter):
      "layer \(layer): parameter \(parameter) holds NaN or infinity"
    case .unknownArchitecture(let found, let known):
      "architecture \"\(found)\" is not known; known are \(known.joined(separator: ", "))"
    case .missingLayers(let what, let why): "the network has no \(what): \(why)"
    case .imageShape(let expected, let found):
      "images should have shape \(expected), found \(found)"
    case .labelOutOfRange(let label, let classes):
      "label \(label) is outside 0..<\(classes)"
    case .lossNotFinite(let what, let step, let value):
      "\(what): the loss is \(value) at step \(step); lower the learning rate or check the weights"
    case .notObserved(let layer):
      "layer \(layer) is not observed; name it when the executor is made"
    case .duplicateLayer(let name): "layer \(name): another layer has the same name"
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
    case .noSuchLayer(let name): "the network has no layer \"\(name)\""
    }
  }
}
