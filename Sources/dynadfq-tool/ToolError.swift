/// What is wrong with the way the tool was called, or with the place its results go to.
enum ToolError: Error, CustomStringConvertible {
  /// Arguments that make no sense, alone or together.
  case usage(String)
  /// Something that arguments name cannot be used.
  case failure(String)
  /// Standard output cannot be written, for the system's reason.
  case output(String)
  /// A signal ended the run; the text says what is saved and how to continue.
  case interrupted(signal: Int32, String)

  /// The exit code of wrong arguments, as in `sysexits.h`.
  static let usageCode: Int32 = 64

  var description: String {
    switch self {
    case .usage(let text), .failure(let text): text
    case .output(let reason): "standard output cannot be written: \(reason)"
    case .interrupted(_, let text): text
    }
  }

  var code: Int32 {
    switch self {
    case .usage: ToolError.usageCode
    case .failure, .output: 1
    case .interrupted(let signal, _): 128 + signal
    }
  }
}

/// Demands on arguments: each throws one line that names the option.
enum Demand {
  /// A number of an option, where it was given, in a range.
  static func range<Value: Comparable>(
    _ option: String, _ value: Value?, _ range: ClosedRange<Value>
  ) throws {
    guard let value else { return }
    // A comparison with NaN is false, so NaN is in no range.
    guard range.contains(value) else {
      throw ToolError.usage(
        "\(option) must be in \(range.lowerBound)...\(range.upperBound), found \(value)")
    }
  }

  /// That an option which has no effect here was not given.
  static func absent(_ option: String, _ isGiven: Bool, _ reason: String) throws {
    if isGiven { throw ToolError.usage("\(option) has no effect \(reason)") }
  }
}
