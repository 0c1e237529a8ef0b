/// How much work synthesis and training do: amounts that belong together.
///
/// Each module adds what the presets take for its part: `synthesis` and `generator` (`DFQSynthesis`), `training`
/// (`DFQTraining`). Methods whose published work is another one say so themselves (`work(_:)`).
public enum WorkPreset: String, Sendable, Codable, CaseIterable {
  /// About a minute together on two cores: for demonstrations.
  case demo
  /// About a twentieth of the published amount of work.
  case reduced
  /// The published amount of work.
  case full
}
