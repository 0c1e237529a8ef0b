/// Which labels images are synthesized towards, as a configuration's choice.
public enum LabelVariant: Sendable, Codable, Hashable {
  /// The configuration's `SoftLabels`: DynaDFQ's variant A (methods.md 2.1.3).
  case groups
  /// Labels that learn: DynaDFQ's variant B (methods.md 2.1.4).
  case refined(RefinedLabels = .init())
  /// One-hot labels, the classes evenly covered.
  case oneHot
  /// No label loss, as in ZeroQ: the stored labels are the teacher's predictions of the finished
  /// images.
  case none
}

extension SoftLabelSynthesizer.Configuration {
  /// The strategy the configuration names.
  var strategy: any LabelStrategy {
    switch variant {
    case .groups, .none: labels
    case .refined(let refined): refined
    case .oneHot: OneHotLabels()
    }
  }

  /// Whether images are synthesized without a label loss.
  var isUnlabelled: Bool { variant == .none || labelWeight == 0 }
}
