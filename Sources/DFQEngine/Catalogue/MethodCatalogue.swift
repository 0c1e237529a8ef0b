/// The methods of the library by their part.
///
/// Each list is in the module of its part, as values with published settings: `synthesis`, `generators` and `labels` in
/// `DFQSynthesis`, `transforms`, `roundings` and `selectors` in `DFQQuantization`, `objectives`, `batches`, `updates` and
/// `stages` in `DFQTraining`. A new method is one file and one line in its list: recipes, the tool, files and tests read the lists.
public enum MethodCatalogue {
  /// What a method is a method of.
  public enum Part: String, Sendable, Codable, CaseIterable {
    /// Images that are optimized once, before training.
    case synthesis
    /// Images of a generator that learns beside the student.
    case generator
    /// Labels that images are synthesized towards.
    case labels
    /// Losses of the student's training, what is done to its batches, and before its first step.
    case training
    /// Changes of a network that need no training.
    case transform
    /// How weights become values of their grids.
    case rounding
    /// How bits are chosen for each image.
    case selector

    /// The part in a sentence.
    public var line: String {
      switch self {
      case .synthesis: "images that are optimized once, before training"
      case .generator: "images of a generator that learns beside the student"
      case .labels: "labels that images are synthesized towards"
      case .training:
        "losses of the student's training, what is done to its batches and before its first step"
      case .transform: "changes of a network that need no training"
      case .rounding: "how weights become values of their grids"
      case .selector: "how bits are chosen for each image"
      }
    }

    /// The step that ``MethodSummary/cost`` is a multiple of.
    public var plainStep: String {
      switch self {
      case .synthesis, .labels: "a step of synthesis by soft labels"
      case .generator: "a step of synthesis by soft labels; besides the student's own step"
      case .training, .rounding: "a step of training with cross entropy and distillation"
      case .transform:
        "a step of training with cross entropy and distillation; 0 where nothing is trained"
      case .selector: "a pass of a static student with as many bits"
      }
    }
  }
}
