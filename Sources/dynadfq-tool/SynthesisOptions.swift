import ArgumentParser
import DFQExperiments
import DynaDFQ

/// How images are made: a method, its settings by name, and options for those that most methods have.
struct SynthesisOptions: ParsableArguments {
  @Option(
    help: """
      Method of synthesis, or generator that learns beside the student: any that `dynadfq methods` lists. \
      (default: \(SoftLabelMethod.kind))
      """)
  var method: String?
  @Option(
    name: .customLong("set"),
    help: """
      A setting of the method or of its run, KEY=VALUE as in recipes; may be repeated. `dynadfq methods NAME` \
      lists them; variant=NAME takes other published settings.
      """)
  var settings: [String] = []
  @Option(help: "Number of synthetic images. \(Preset.synthesis(\.count))")
  var count: Int?
  @Option(
    name: .customLong("synthesis-batch"),
    help: "Images synthesized together. \(Preset.synthesis(\.imagesPerBatch))")
  var batch: Int?
  @Option(
    name: .customLong("synthesis-steps"),
    help: "Adam steps on each batch. \(Preset.synthesis(\.steps))")
  var steps: Int?
  @Option(
    name: .customLong("synthesis-rate"),
    help: "Adam's first rate on the images. \(Preset.synthesis(\.learningRate))")
  var learningRate: Float?
  @Option(
    help: """
      Factor of the cross entropy with the labels; 0 for images without labels. \
      \(Preset.synthesis(\.labelWeight))
      """)
  var labelLoss: Float?
  @Option(
    help: """
      Loss on batch norm's statistics: batchVariance or imageDeviation (ZeroQ's). \
      \(Preset.synthesis(\.statistics.rawValue))
      """)
  var statistics: BatchNormStatistics.Comparison?
  @Flag(help: "Keep pixels inside the range of real ones.")
  var clampPixels = false
  @Option(
    help: """
      Crop and flip while synthesizing: automatic (above 64 pixels), always or never. \
      \(Preset.synthesis(\.augmentation.rawValue))
      """)
  var augment: AugmentationRule?
  @Flag(help: "Keep images that the teacher places outside their label's classes.")
  var keepUnfaithful = false
  @OptionGroup var labels: LabelOptions

  func validate() throws {
    try Demand.range("--count", count, 1...10_000_000)
    try Demand.range("--synthesis-batch", batch, 1...1_000_000)
    try Demand.range("--synthesis-steps", steps, 0...10_000_000)
    try Demand.range("--synthesis-rate", learningRate, Float.leastNormalMagnitude...1e6)
    try Demand.range("--label-loss", labelLoss, 0...1e6)
    _ = try imageSettings(.reduced, seed: 0)
  }

  /// The first option that was given, for commands that do not synthesize.
  var given: String? {
    if method != nil { return "--method" }
    return settings.isEmpty ? options(.reduced).first?.node.place.path : "--set"
  }

  /// Whether the images are those of a generator that learns beside the student.
  var isGenerator: Bool {
    guard case .generator? = try? imageSettings(.reduced, seed: 0) else { return false }
    return true
  }

  /// How the images are made.
  ///
  /// - Throws: ``ToolError/usage(_:)`` for a method or a setting that is not known.
  func imageSettings(_ preset: Preset, seed: UInt64) throws -> ImageSettings {
    let given = try settings.map { text in
      do {
        return try SettingNode.assignment(
          text, at: RecipePlace(line: 0, path: "--set \(Output.clean(text, limit: 60))"))
      } catch {
        throw ToolError.usage("\(error)")
      }
    }
    return try SynthesisOptions.settings(
      method ?? SoftLabelMethod.kind, options(preset) + given, preset, seed: seed)
  }

  /// The settings of a method by its name.
  ///
  /// - Throws: ``ToolError/usage(_:)`` for a method or a setting that is not known.
  static func settings(
    _ method: String, _ settings: [(key: String, node: SettingNode)], _ preset: Preset, seed: UInt64
  ) throws -> ImageSettings {
    do {
      return try ImageSettings(method: method, preset: preset, settings: settings, seed: seed)
    } catch RecipeError.unknownName(let place, _, _, let nearest) where place.path == "method" {
      throw ToolError.usage(
        "--method \(method) is not known" + (nearest.map { "; did you mean \($0)?" } ?? "")
          + "; see dynadfq methods")
    } catch RecipeError.unknownKey(let place, let key, let nearest) {
      throw ToolError.usage(
        "\(place) has no effect on \(method), which has no setting \(key)"
          + (nearest.map { "; did you mean \($0)?" } ?? ""))
    } catch let error as RecipeError {
      throw ToolError.usage("\(error)")
    }
  }

  /// The options as settings of a recipe; the place of each is its name.
  private func options(_ preset: Preset) -> [(key: String, node: SettingNode)] {
    var result: [(key: String, node: SettingNode)] = []
    func add(_ option: String, _ key: String, _ value: SettingNode.Value?) {
      guard let value else { return }
      result.append((key, SettingNode(value, at: RecipePlace(line: 0, path: option))))
    }
    add("--count", "count", count.map { .number("\($0)") })
    add("--synthesis-batch", "imagesPerBatch", batch.map { .number("\($0)") })
    add("--synthesis-steps", "steps", steps.map { .number("\($0)") })
    add("--synthesis-rate", "learningRate", learningRate.map { .number("\($0)") })
    add("--label-loss", "labelWeight", labelLoss.map { .number("\($0)") })
    add("--statistics", "statistics", statistics.map { .text($0.rawValue) })
    add("--clamp-pixels", "clampPixels", clampPixels ? .bool(true) : nil)
    add("--augment", "augmentation", augment.map { .text($0.rawValue) })
    add("--keep-unfaithful", "dropUnfaithful", keepUnfaithful ? .bool(false) : nil)
    if let labels = labels.node(steps: steps ?? preset.synthesis.steps) {
      result.append(("labels", labels))
    }
    return result
  }
}
