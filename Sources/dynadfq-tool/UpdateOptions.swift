import ArgumentParser
import DFQExperiments
import DynaDFQ

/// What is done with the images of a training step, and with the steps of the weights.
struct UpdateOptions: ParsableArguments {
  @Option(
    help: """
      What is done with the gradient of the weights and with the optimizer's steps: NAME or \
      NAME:KEY=VALUE,KEY=VALUE, such as gradient-inundation:share=0.0001; repeatable, in order.
      """)
  var update: [String] = []
  @Option(
    help: """
      Filter the images of a step by a low-pass filter whose deviation is this share of the image's side, in \
      frequencies (SynQ; published as 0.357). (default: without)
      """)
  var lowPass: Float?

  func validate() throws {
    try Demand.range("--low-pass", lowPass, 1e-6...1e6)
    _ = try updates()
  }

  /// The rules of updates in order.
  ///
  /// - Throws: ``ToolError/usage(_:)`` for a name or a setting that is not known.
  func updates() throws -> [any UpdateRule] {
    try update.map { text in
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let place = RecipePlace(line: 0, path: "--update \(Output.clean(text, limit: 60))")
      do {
        return try UpdateSettings.rule(
          named: String(parts[0]),
          settings: (parts.count == 2 ? parts[1].split(separator: ",") : []).map {
            try SettingNode.assignment(String($0), at: place)
          })
      } catch {
        throw ToolError.usage("\(error)")
      }
    }
  }
}
