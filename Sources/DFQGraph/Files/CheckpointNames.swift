/// The parameter names of a checkpoint, and what the names that well-known libraries use have in
/// common.
struct CheckpointNames {
  /// The checkpoint's name by canonical name; none where two names become the same one.
  private let byCanonical: [String: String]

  init(_ names: some Collection<String>) {
    let isTimm =
      names.contains { Self.canonical($0) == "features.0.0.weight" }
      && names.contains { $0.hasSuffix("conv_stem.weight") && !$0.hasSuffix("_conv_stem.weight") }
    var result: [String: String] = [:]
    for name in names {
      if result.updateValue(name, forKey: Self.canonical(name, isTimm: isTimm)) != nil {
        byCanonical = [:]
        return
      }
    }
    byCanonical = result
  }

  /// The checkpoint's name with the canonical form of a name, or nil.
  func name(canonical name: String) -> String? { byCanonical[Self.canonical(name)] }

  /// What wrappers put before all names: data parallelism, compilation, trainers.
  private static let prefixes: Set<Substring> = [
    "module", "model", "backbone", "net", "network", "encoder", "_orig_mod", "state_dict",
  ]

  /// What libraries call the last fully connected layer.
  private static let classifiers: Set<String> = [
    "fc", "linear", "classifier", "classifier.1", "classifier.fc", "head", "head.fc",
    "last_linear", "_fc", "output", "logits",
  ]

  /// A name in which the usual differences are gone: prefixes of wrappers, the names of projection
  /// shortcuts and classifiers, and timm's names of MobileNetV2's layers.
  static func canonical(_ name: String, isTimm: Bool = false) -> String {
    var parts = name.split(separator: ".")[...]
    while parts.count > 2, let first = parts.first, prefixes.contains(first) { parts.removeFirst() }
    guard let suffix = parts.popLast() else { return name }
    for index in parts.indices where parts[index] == "downsample" { parts[index] = "shortcut" }
    let base = parts.joined(separator: ".")
    if classifiers.contains(base) { return "classifier.\(suffix)" }
    if isTimm, base == "bn1" || base == "bn2" {
      return "features.\(base == "bn1" ? 0 : 18).1.\(suffix)"
    }
    return "\(timmToTorchvision(base) ?? base).\(suffix)"
  }

  /// The units of MobileNetV2's stages (Sandler et al., 2018, table 2).
  private static let mobileNetUnits = [1, 2, 3, 4, 3, 3, 1]

  /// timm counts MobileNetV2's units by stage and names their layers; torchvision numbers both.
  private static func timmToTorchvision(_ base: String) -> String? {
    switch base {
    case "conv_stem": return "features.0.0"
    case "conv_head": return "features.18.0"
    default: break
    }
    let parts = base.split(separator: ".")
    guard parts.count == 4, parts[0] == "blocks", let stage = Int(parts[1]),
      let unit = Int(parts[2]), mobileNetUnits.indices.contains(stage),
      (0..<mobileNetUnits[stage]).contains(unit)
    else { return nil }
    let index = 1 + mobileNetUnits[..<stage].reduce(0, +) + unit
    let layers: [Substring: String] =
      stage == 0
      ? ["conv_dw": "0.0", "bn1": "0.1", "conv_pw": "1", "bn2": "2"]
      : [
        "conv_pw": "0.0", "bn1": "0.1", "conv_dw": "1.0", "bn2": "1.1", "conv_pwl": "2",
        "bn3": "3",
      ]
    return layers[parts[3]].map { "features.\(index).conv.\($0)" }
  }
}
