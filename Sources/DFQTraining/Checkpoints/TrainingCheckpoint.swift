public import DFQFiles
public import DFQTensor

/// The state of a run between two steps: named tensors and counters, the identity of the run, and a
/// checksum over all of it.
///
/// Every trainer uses this one form; nothing in it belongs to a particular trainer. What the run
/// makes (a network, a student) lies in ``content`` under the names of its own file, so that the
/// same code reads both.
public struct TrainingCheckpoint: Sendable {
  /// What is trained, with its tensors and metadata.
  public var content: SafetensorsFile
  /// What must be equal for the run to resume.
  public var identity: RunIdentity
  /// The state besides the content, by name.
  public var tensors: [String: Tensor] = [:]
  /// Counts of steps and the like, by name; none is negative.
  public var counters: [String: Int] = [:]
  private let path: String

  /// Makes a checkpoint that is to be written.
  public init(content: SafetensorsFile, identity: RunIdentity) {
    self.content = content
    self.identity = identity
    path = "new checkpoint"
  }

  init(content: SafetensorsFile, identity: RunIdentity, path: String) {
    self.content = content
    self.identity = identity
    self.path = path
  }

  /// Checks that the checkpoint belongs to a run.
  ///
  /// - Throws: ``TrainingError/otherRun(path:setting:saved:current:)`` with the first setting that
  ///   differs.
  public func check(
    _ current: RunIdentity, executionChange: ExecutionChange = .refused
  ) throws {
    if let (setting, saved, now) = identity.difference(
      from: current, ignoringExecution: executionChange == .accepted)
    {
      throw TrainingError.otherRun(path: path, setting: setting, saved: saved, current: now)
    }
  }

  /// A counter, which must lie in a range.
  ///
  /// - Throws: ``TrainingError/badCheckpoint(path:expected:found:)``.
  public func counter(_ name: String, in range: ClosedRange<Int>) throws -> Int {
    guard let value = counters[name], range.contains(value) else {
      throw bad(
        "the counter \"\(name)\" in \(range)", counters[name].map { "\($0)" } ?? "no such counter")
    }
    return value
  }

  /// The elements of a tensor, which must be finite and of the given number.
  ///
  /// - Throws: ``TrainingError/badCheckpoint(path:expected:found:)``.
  public func values(_ name: String, count: Int) throws -> [Float] {
    guard let tensor = tensors[name], tensor.count == count else {
      throw bad(
        "\(count) values in \"\(name)\"",
        tensors[name].map { "\($0.count)" } ?? "no such tensor")
    }
    guard tensor.elements.allSatisfy(\.isFinite) else {
      throw bad("finite values in \"\(name)\"", "NaN or infinity")
    }
    return tensor.elements
  }

  /// The tensors whose names begin with a prefix, without it.
  public func tensors(withPrefix prefix: String) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (name, tensor) in tensors where name.hasPrefix(prefix) {
      result[String(name.dropFirst(prefix.count))] = tensor
    }
    return result
  }

  /// The error for a part that does not fit.
  func bad(_ expected: String, _ found: String) -> TrainingError {
    .badCheckpoint(path: path, expected: expected, found: found)
  }
}
