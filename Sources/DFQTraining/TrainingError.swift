/// What can be wrong with a training run.
public enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A setting is out of its bounds.
  case badConfiguration(what: String, found: String)
  /// A checkpoint belongs to another run.
  case otherRun(path: String, what: String)
  /// The images do not fit the teacher.
  case imagesDoNotFit(expected: String, found: String)

  /// One line for people.
  public var description: String {
    switch self {
    case .badConfiguration(let what, let found): "the configuration needs \(what), found \(found)"
    case .otherRun(let path, let what):
      "\(path) is a checkpoint of another run (\(what) differ); remove it or give another path"
    case .imagesDoNotFit(let expected, let found):
      "the images do not fit the teacher: expected \(expected), found \(found)"
    }
  }
}
