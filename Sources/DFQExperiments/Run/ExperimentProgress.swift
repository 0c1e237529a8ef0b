/// The state of a running experiment.
public struct ExperimentProgress: Sendable {
  /// The cells that are finished in this run.
  public var cellsDone: Int
  /// The cells of this run; those that an earlier run finished do not count.
  public var cells: Int
  /// The share of the estimated work that is done, 0...1.
  public var share: Double
  /// Seconds since the run began.
  public var elapsed: Double
  /// The estimated seconds that are left; nil before anything can be told.
  public var remaining: Double?
  /// What is being worked on.
  public var running: [String]
  /// A cell that was just finished, with its seconds.
  public var finished: (title: String, seconds: Double)?
}

/// What a run did.
public struct ExperimentSummary: Sendable, Codable {
  /// The recipe's name.
  public var recipe: String
  /// The cells of the plan.
  public var cells: Int
  /// The cells that this run finished.
  public var finished: Int
  /// The cells that were there or were not needed.
  public var reused: Int
  /// The lines of results that this run added.
  public var results: Int
  /// Seconds of the run.
  public var seconds: Double
}

extension Cell {
  /// What it is, for people.
  public var title: String {
    let label = label
    var words = [kind]
    switch self {
    case .images: words += [label.images ?? ""]
    case .student, .cascade, .upperBound: words += [label.student ?? "", "on", label.images ?? ""]
    case .teacher: words += ["of", label.network, "on", label.evaluation ?? ""]
    case .evaluation:
      words += [label.student ?? "", "of", label.images ?? "", "on", label.evaluation ?? ""]
    }
    if let ablation = label.ablation { words.append("(\(ablation))") }
    if let seed = label.seed { words.append("seed \(seed)") }
    return words.joined(separator: " ")
  }
}
