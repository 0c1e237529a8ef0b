/// What can be wrong with labels, a configuration or a file of synthetic images.
public enum SynthesisError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A setting is out of its bounds.
  case badConfiguration(what: String, found: String)
  /// A file's or a strategy's labels or images do not fit.
  case badImages(source: String, expected: String, found: String)

  /// One line for people.
  public var description: String {
    switch self {
    case .badConfiguration(let what, let found): "synthesis needs \(what), found \(found)"
    case .badImages(let source, let expected, let found):
      "\(source): expected \(expected), found \(found)"
    }
  }
}
