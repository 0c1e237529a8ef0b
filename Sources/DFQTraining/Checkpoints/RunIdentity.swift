public import DFQTensor
import Foundation

/// Everything that must be equal for a run to resume to the same bits, as text by name.
///
/// Settings are stored one by one, so that a checkpoint of another run can tell which setting
/// differs and how.
public struct RunIdentity: Sendable, Equatable {
  /// The settings by name, such as `configuration.steps`.
  public private(set) var settings: [String: String] = [:]
  /// The prefix of settings that describe how work is executed.
  static let execution = "execution."

  /// Makes an empty identity.
  public init() {}

  init(settings: [String: String]) { self.settings = settings }

  /// Adds a setting as text.
  public mutating func add(_ name: String, _ text: String) { settings[name] = text }

  /// Adds every field of a value under its path, such as `quantizer.weights.scheme`.
  ///
  /// - Throws: `EncodingError` for a number that is not finite.
  public mutating func add(_ name: String, encoding value: some Encodable) throws {
    let encoder = JSONEncoder()
    // The wrapping lets values encode that are no objects.
    let data = try encoder.encode(["": value])
    let object = try JSONSerialization.jsonObject(with: data)
    flatten(name, (object as? [String: Any])?[""] ?? NSNull())
  }

  /// Adds what can change the bits of results: the instruction set, the backend and the kinds of
  /// arithmetic.
  ///
  /// The number of threads is not among it.
  public mutating func add(_ context: ExecutionContext) {
    add(Self.execution + "instruction set", "\(context.instructionSet)")
    add(Self.execution + "backend", context.backend.rawValue)
    add(Self.execution + "convolution", context.convolutionAlgorithm.rawValue)
    add(Self.execution + "arithmetic", context.quantizedArithmetic.rawValue)
  }

  /// All settings, one a line.
  var text: String {
    settings.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
      .joined(separator: "\n")
  }

  private mutating func flatten(_ path: String, _ value: Any) {
    switch value {
    case let object as [String: Any]:
      for (key, field) in object { flatten("\(path).\(key)", field) }
      // An empty object is an enum's case without values.
      if object.isEmpty { settings[path] = "{}" }
    case let array as [Any]:
      for (index, element) in array.enumerated() { flatten("\(path).\(index)", element) }
      if array.isEmpty { settings[path] = "[]" }
    case let text as String: settings[path] = text
    default: settings[path] = value is NSNull ? "none" : "\(value)"
    }
  }

  /// The first setting, by name, in which another identity differs.
  func difference(
    from other: RunIdentity, ignoringExecution: Bool
  ) -> (setting: String, own: String, other: String)? {
    for name in Set(settings.keys).union(other.settings.keys).sorted()
    where settings[name] != other.settings[name] {
      if ignoringExecution, name.hasPrefix(Self.execution) { continue }
      return (name, settings[name] ?? "none", other.settings[name] ?? "none")
    }
    return nil
  }
}

/// What a run does with a checkpoint that was written with another instruction set, backend or
/// arithmetic.
public enum ExecutionChange: String, Sendable, Codable, CaseIterable {
  /// The run does not resume: its bits would be neither machine's.
  case refused
  /// The run resumes; its result is then not reproducible.
  case accepted
}
