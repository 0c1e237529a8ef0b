import DFQFiles
public import DFQGraph
public import DFQTensor

/// A generator's state as a safetensors file, by which a warm-up serves several students.
extension GeneratorSource {
  private static let format = "dynadfq generator 1"
  private static let formatKey = "format"
  private static let identityKey = "identity"

  /// Writes the state; the file appears whole or not at all.
  ///
  /// - Throws: `InterchangeError`.
  public func write(to path: String) throws {
    var file = SafetensorsFile(metadata: [
      Self.formatKey: Self.format, Self.identityKey: identity,
    ])
    for (name, tensor) in state.sorted(by: { $0.key < $1.key }) { file.add(name, tensor) }
    try file.write(to: path)
  }

  /// Reads the state that a generator of the same teacher, method and configuration has reached.
  ///
  /// - Throws: `InterchangeError`; ``SynthesisError/badImages(source:expected:found:)`` for another
  ///   generator's file; what the other initializer throws.
  public init(
    contentsOf path: String, teacher: Network, method: any GeneratorMethod,
    configuration: Configuration, context: ExecutionContext = .default
  ) throws {
    let file = try SafetensorsFile(contentsOf: path)
    let format = file.metadata[Self.formatKey] ?? "none"
    guard format == Self.format else {
      throw SynthesisError.badImages(
        source: path, expected: "metadata format \"\(Self.format)\"", found: format)
    }
    let expected = try Self.name(method, configuration, teacher)
    let found = file.metadata[Self.identityKey] ?? "none"
    guard found.hasPrefix(expected) else {
      throw SynthesisError.badImages(source: path, expected: expected, found: found)
    }
    var state: [String: Tensor] = [:]
    for name in file.names { state[name] = try file.tensor(name) }
    try self.init(
      teacher: teacher, method: method, configuration: configuration, state: state,
      context: context)
  }

  /// Method, settings and teacher as text.
  static func name(
    _ method: any GeneratorMethod, _ configuration: Configuration, _ teacher: Network
  ) throws -> String {
    "generator \(type(of: method).kind) \(try Fingerprint.json(method)) "
      + "\(try Fingerprint.json(configuration)) "
      + "teacher \(Fingerprint.digest(teacher.parameters.values))"
  }

  /// A short name of a state.
  static func digest(_ state: [String: Tensor]) -> String {
    Fingerprint.digest(state.sorted { $0.key < $1.key }.flatMap(\.value.elements))
  }

  /// Checks that a state has the parts of another, and finite numbers.
  static func check(_ state: [String: Tensor], like expected: [String: Tensor]) throws {
    for (name, tensor) in expected.sorted(by: { $0.key < $1.key }) {
      guard let found = state[name], found.shape == tensor.shape, found.isFinite else {
        let what = state[name].map { $0.isFinite ? "\($0.shape)" : "NaN or infinity" }
        throw SynthesisError.badImages(
          source: "a generator's state", expected: "\(name) of shape \(tensor.shape)",
          found: what ?? "none")
      }
    }
  }
}
