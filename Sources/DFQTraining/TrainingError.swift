import DFQFiles
public import Foundation

/// What can be wrong with a training run.
public enum TrainingError: Error, Equatable, Sendable {
  /// A setting is out of its bounds.
  case badConfiguration(what: String, found: String)
  /// A checkpoint belongs to another run: the setting that differs, its value in the file and in
  /// this run.
  case otherRun(path: String, setting: String, saved: String, current: String)
  /// A checkpoint is damaged, or its parts do not fit.
  case badCheckpoint(path: String, expected: String, found: String)
  /// The images do not fit the teacher.
  case imagesDoNotFit(expected: String, found: String)
  /// The budget cannot be kept: it is below what the lowest candidates cost, or above what the
  /// highest ones do.
  case budgetOutOfRange(bits: Double, lowest: Double, highest: Double)
  /// No price of a bit makes the student cost the budget or less on the synthetic images.
  case budgetNotMet(bits: Double, reached: Double)
}

extension TrainingError: CustomStringConvertible {
  /// One line that names what was expected and what was found.
  public var description: String {
    switch self {
    case .badConfiguration(let what, let found):
      return "the configuration needs \(what), found \(found.oneLine)"
    case .otherRun(let path, let setting, let saved, let current):
      return "\(path.oneLine) is a checkpoint of another run: \(setting.oneLine) was "
        + "\(saved.oneLine) and is now \(current.oneLine); remove the file or give another path"
    case .badCheckpoint(let path, let expected, let found):
      return "\(path.oneLine) is no intact checkpoint: expected \(expected.oneLine), found "
        + "\(found.oneLine); remove the file to start again"
    case .imagesDoNotFit(let expected, let found):
      return "the images do not fit the teacher: expected \(expected.oneLine), found "
        + found.oneLine
    case .budgetOutOfRange(let bits, let lowest, let highest):
      let range =
        lowest <= highest
        ? "the lowest that works is \(lowest), the highest \(highest)"
        : "the selector itself costs more than the candidates differ, so that no budget works"
      return "a budget of \(bits) bits is not possible: \(range)"
    case .budgetNotMet(let bits, let reached):
      return "the budget of \(bits) bits was not met: at the highest price of a bit the synthetic "
        + "images still cost as much as \(reached) bits"
    }
  }
}

extension TrainingError: LocalizedError {
  /// The same line as ``description``.
  public var errorDescription: String? { description }
}

/// Throws ``TrainingError/badConfiguration(what:found:)`` where a setting is out of its bounds.
func demand(_ holds: Bool, _ what: String, _ found: some CustomStringConvertible) throws {
  guard holds else { throw TrainingError.badConfiguration(what: what, found: found.description) }
}
