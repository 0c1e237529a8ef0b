/// Which form of a method is computed, where its paper and its authors' code differ.
public enum MethodSource: String, Sendable, Codable, CaseIterable {
  /// As the paper has it.
  case published
  /// As the authors' code has it, with what it does besides and with what is wrong in it.
  case officialCode
}
