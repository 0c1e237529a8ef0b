import ArgumentParser
import DFQExperiments
import DynaDFQ

extension ClassSimilarity.Measure: @retroactive ExpressibleByArgument {}
extension SoftLabels.Group: @retroactive ExpressibleByArgument {}
extension BatchNormStatistics.Comparison: @retroactive ExpressibleByArgument {}
extension AugmentationRule: @retroactive ExpressibleByArgument {}

/// Which labels images are synthesized towards, where the method has them as a setting.
struct LabelOptions: ParsableArguments {
  /// The kinds of labels.
  enum Labels: String, ExpressibleByArgument, CaseIterable {
    case groups, refined, oneHot
    case unlabelled = "none"

    /// The name in recipes.
    var kind: String {
      switch self {
      case .groups: SoftLabels.kind
      case .refined: RefinedLabels.kind
      case .oneHot: OneHotLabels.kind
      case .unlabelled: Unlabelled.kind
      }
    }
  }

  @Option(
    help: """
      Labels: groups (soft over similar classes), refined (trained with the images), oneHot, or \
      none (ZeroQ). (default: groups)
      """)
  var labels: Labels?
  /// What stands for a class where labels are refined.
  enum Centroids: String, ExpressibleByArgument, CaseIterable {
    case rows, features
  }

  @Option(
    help: """
      With --labels refined: a class's centroid is its row of the classifier's weights, or the mean of \
      the features of 25 images, which are synthesized first: rows or features. (default: rows)
      """)
  var centroids: Centroids?
  @Option(
    help: """
      Classes of a hard label: mostSimilar, random, leastSimilar, mixed or all. \
      (default: \(SoftLabels().group.rawValue))
      """)
  var group: SoftLabels.Group?
  @Option(
    help: "Number of classes in a hard label. (default: 3 of up to 10 classes, 5 of up to 100, 10)")
  var groupSize: Int?
  @Option(help: "Share of easy, one-hot images, 0...1. (default: \(SoftLabels().easyShare))")
  var easyShare: Float?
  @Option(
    help: """
      Class similarity: dotProduct, cosine or centredCosine. \
      (default: \(SoftLabels().similarity.rawValue))
      """)
  var similarity: ClassSimilarity.Measure?

  func validate() throws {
    try Demand.range("--group-size", groupSize, 1...1_000_000)
    try Demand.range("--easy-share", easyShare, 0...1)
    try Demand.absent(
      "--centroids", centroids != nil && labels != .refined, "without --labels refined")
    if let labels, labels != .groups, let option = groupSettings.first {
      try Demand.absent(option.node.place.path, true, "with --labels \(labels.rawValue)")
    }
  }

  /// The setting `labels`, as a recipe has it; nil where no option was given.
  ///
  /// `steps` are those of the images of centroids.
  func node(steps: Int) -> SettingNode? {
    func at(_ option: String) -> RecipePlace { RecipePlace(line: 0, path: option) }
    guard let option = labels.map({ _ in "--labels" }) ?? groupSettings.first?.node.place.path
    else { return nil }
    var settings = groupSettings
    if centroids == .features {
      let place = at("--centroids")
      func map(_ pairs: [(key: String, node: SettingNode)]) -> SettingNode {
        SettingNode(.map(pairs), at: place)
      }
      settings = [
        (
          "centroids",
          map([
            (
              "features",
              map([
                ("imagesPerClass", SettingNode(.number("25"), at: place)),
                ("steps", SettingNode(.number("\(steps)"), at: place)),
              ])
            )
          ])
        )
      ]
    }
    let kind = (labels ?? .groups).kind
    guard !settings.isEmpty else { return SettingNode(.text(kind), at: at(option)) }
    return SettingNode(
      .map([(kind, SettingNode(.map(settings), at: at(option)))]), at: at(option))
  }

  private var groupSettings: [(key: String, node: SettingNode)] {
    let options: [(String, String, SettingNode.Value?)] = [
      ("--group", "group", group.map { .text($0.rawValue) }),
      ("--group-size", "groupSize", groupSize.map { .number("\($0)") }),
      ("--easy-share", "easyShare", easyShare.map { .number("\($0)") }),
      ("--similarity", "similarity", similarity.map { .text($0.rawValue) }),
    ]
    return options.compactMap { option, key, value in
      value.map { (key, SettingNode($0, at: RecipePlace(line: 0, path: option))) }
    }
  }
}
