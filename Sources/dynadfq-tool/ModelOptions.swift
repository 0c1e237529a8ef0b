import ArgumentParser
import DynaDFQ

/// The full-precision network.
struct ModelOptions: ParsableArguments {
  @Option(
    help: "A safetensors or ONNX file, or the name of a network that comes with the tool.",
    completion: .file(extensions: ["safetensors", "onnx"]))
  var model = Network.Pretrained.resNet20FashionMNIST.rawValue
  @Option(
    help: """
      The architecture, such as resnet20-cifar:classes=10, where the file's metadata does not tell \
      it. The file's own normalization stays.
      """)
  var arch: String?
  @Option(
    help: "A rule for parameters' names, PATTERN=REPLACEMENT, such as 'fc=linear'.")
  var rename: [String] = []
  @OptionGroup var onnx: ONNXOptions
  @Flag(help: "Take the floating-point weights that a student's file keeps as a network.")
  var shadowWeights = false

  func network() throws -> Network { try network(model, option: "--model") }

  /// The network of a file, or one that comes with the tool.
  func network(_ model: String, option: String) throws -> Network {
    if ONNXOptions.isONNX(model), Network.Pretrained(rawValue: model) == nil {
      try Demand.absent("--arch", arch != nil, "on an ONNX model, which holds its graph")
      try Demand.absent("--rename", !rename.isEmpty, "on an ONNX model")
      try Demand.absent("--shadow-weights", shadowWeights, "on an ONNX model")
      return try onnx.read(model).network
    }
    try onnx.demandAbsent("on \(model), which is no ONNX model")
    if let known = Network.Pretrained(rawValue: model) {
      try Demand.absent("--arch", arch != nil, "on a network that comes with the tool")
      try Demand.absent("--rename", !rename.isEmpty, "on a network that comes with the tool")
      return try .pretrained(known)
    }
    let isStudent = try SafetensorsFile(contentsOf: model).metadata["quantizer"] != nil
    if isStudent, !shadowWeights {
      throw ToolError.usage(
        "\(option) \(model) is a quantized student: \"dynadfq evaluate \(model)\" measures it; "
          + "--shadow-weights takes its floating-point weights as a network")
    }
    if !isStudent, shadowWeights {
      throw ToolError.usage("--shadow-weights has no effect: \(model) is no student")
    }
    // A file that was read already is taken whatever it holds.
    return try Network(
      SafetensorsFile(contentsOf: model),
      architecture: try arch.map { try Architecture(name: $0) }, renaming: NameMap(rename),
      path: model)
  }

  /// The file, nil for a network that comes with the tool.
  static func path(_ model: String?) -> String? {
    model.flatMap { Network.Pretrained(rawValue: $0) == nil ? $0 : nil }
  }
}
