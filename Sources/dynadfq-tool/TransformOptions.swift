import ArgumentParser
import DFQExperiments
import DynaDFQ

/// What is done with the network before it is quantized, and how its weights are rounded.
struct TransformOptions: ParsableArguments {
  @Option(
    help: """
      Change of the network before it is quantized, without images: NAME or NAME:KEY=VALUE,KEY=VALUE; \
      repeatable, in order. `dynadfq methods` lists them; nagel is equalization, bias-absorption and \
      bias-correction.
      """)
  var transform: [String] = []
  @Option(help: "Rounding of weights: nearest, squant or nested.")
  var rounding = "nearest"

  func validate() throws {
    _ = try transforms()
    _ = try TransformSettings.rounding(named: rounding)
  }

  /// The transforms in order.
  func transforms() throws -> [any DataFreeTransform] {
    try transform.flatMap { text in
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let settings = parts.count == 2 ? parts[1].split(separator: ",") : []
      return try TransformSettings.transforms(
        named: String(parts[0]),
        settings: settings.map {
          try SettingNode.assignment(String($0), at: .init(line: 0, path: "--transform \(text)"))
        })
    }
  }

  /// Sets the way of rounding.
  func apply(to quantizer: inout Quantizer) throws {
    quantizer.rounding = try TransformSettings.rounding(named: rounding)
  }
}
