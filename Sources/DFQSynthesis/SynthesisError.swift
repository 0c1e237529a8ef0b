import DFQFiles
public import Foundation

/// What can be wrong with settings, labels, a checkpoint or a file of synthetic images.
public enum SynthesisError: Error, Equatable, Sendable {
  /// A setting is out of its bounds.
  case badConfiguration(what: String, found: String)
  /// Labels or images of a file, a strategy or a source do not fit.
  case badImages(source: String, expected: String, found: String)
  /// A checkpoint is another run's: a setting differs.
  case otherRun(path: String, setting: String, expected: String, found: String)
  /// The images are another teacher's.
  case otherTeacher(expected: String, found: String)
  /// The teacher places every image outside of its label's support.
  case allDropped(count: Int)
}

extension SynthesisError: CustomStringConvertible {
  /// One line that says what was expected and what was found.
  public var description: String {
    switch self {
    case .badConfiguration(let what, let found):
      "synthesis needs \(what.oneLine), found \(found.oneLine)"
    case .badImages(let source, let expected, let found):
      "\(source.oneLine): expected \(expected.oneLine), found \(found.oneLine)"
    case .otherRun(let path, let setting, let expected, let found):
      "\(path.oneLine) belongs to another run: \(setting.oneLine) is \(found.oneLine) there and "
        + "\(expected.oneLine) here; give the same settings or another folder"
    case .otherTeacher(let expected, let found):
      "the images were synthesized from another teacher (\(found.oneLine)) than this one "
        + "(\(expected.oneLine))"
    case .allDropped(let count):
      "the teacher sees none of the \(count) images in a class of its label, so all were dropped; "
        + "take more steps or a higher learning rate, or keep unfaithful images"
    }
  }
}

extension SynthesisError: LocalizedError {
  /// The same as the description.
  public var errorDescription: String? { description }
}
