import ArgumentParser
import DFQONNX
import DynaDFQ

struct ImportNetwork: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Turn an ONNX classifier into a network that is quantized here.",
    discussion: """
      Example: dynadfq import model.onnx --mean imagenet -o network.safetensors

      From PyTorch, keep batch norm in the file, because images are synthesized from its statistics:

        torch.onnx.export(model, image, "model.onnx", dynamo=False, do_constant_folding=False,
                          training=torch.onnx.TrainingMode.PRESERVE)

      with the model in eval mode. Every --model takes an ONNX file, too. Operators without a layer \
      are listed, all at once.
      """)

  @Argument(help: "The ONNX file.", completion: .file(extensions: ["onnx"]))
  var file: String
  @Option(name: .shortAndLong, help: "Where the network goes (safetensors).")
  var output: String
  @Option(
    help: """
      A safetensors file with another engine's inputs (N C H W, normalized) and logits (N C); the \
      network's logits are compared with them.
      """)
  var reference: String?
  @OptionGroup var onnx: ONNXOptions
  @OptionGroup var options: RunOptions

  struct Summary: Encodable {
    var output: String
    var architecture: String
    var layers: Int
    var batchNorms: Int
    var parameters: Int
    var macs: Int
    var imageShape: [Int]
    var classes: Int
    var notes: [String]
    /// What the comparison with --reference gave.
    var deviation: ReferenceLogits.Deviation?
  }

  func run() throws {
    var preflight = Preflight()
    preflight.reads("an ONNX model", file)
    preflight.reads("reference logits", reference)
    preflight.writes("--output", output)
    try preflight.check()
    let imported = try onnx.read(file)
    let network = imported.network
    try network.write(to: output)
    var summary = Summary(
      output: output, architecture: network.architecture, layers: network.graph.nodes.count - 1,
      batchNorms: network.graph.batchNorms.count, parameters: network.parameters.values.count,
      macs: network.graph.macs, imageShape: network.imageShape.dimensions,
      classes: network.classCount, notes: imported.notes)
    if let reference {
      summary.deviation = try ReferenceLogits(contentsOf: reference)
        .deviation(of: network, context: options.context)
    }
    if options.json { return try Output.json(summary, run: options) }
    try Output.text(
      "\(output): \(summary.layers) layers, \(summary.batchNorms) batch norms, "
        + "\(summary.parameters) parameters, \(summary.classes) classes")
    if let deviation = summary.deviation {
      try Output.text(
        "logits of \(deviation.images) images deviate by \(deviation.relative) of the largest one; "
          + "\(deviation.otherAnswers) answers are others")
    }
  }
}
