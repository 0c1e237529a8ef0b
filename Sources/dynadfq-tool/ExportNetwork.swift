import ArgumentParser
import DFQONNX
import DynaDFQ

struct ExportNetwork: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a student or a cascade as an ONNX model that other engines run.",
    discussion: """
      Example: dynadfq export student.safetensors -o student.onnx --format qcdq

      Weights are stored as integers, batch norm is folded into their scales unless --keep-batch-norm. Selectors are ordinary \
      operators, so that bits follow the image in any engine; later levels of a cascade compute only \
      the images that go on. Formats: qdq (QuantizeLinear, 8 and 4 bits), qcdq (with Clip, any bits) \
      and qonnx (Quant nodes).
      """)

  @Argument(help: "A student's, a cascade's or an integer network's file.")
  var student: String
  @Option(name: .shortAndLong, help: "Where the model goes.")
  var output: String
  @Option(help: "How quantized values are written: qdq, qcdq or qonnx.")
  var format = ONNXFormat.qcdq
  @Flag(
    help:
      "Compute every number as the integer runtime does: for checking other engines, not for speed."
  )
  var exact = false
  @Flag(
    help: "Write batch norm as nodes of its own instead of folding it into the weights' scales.")
  var keepBatchNorm = false
  @Option(help: "Names of the classes: fashion-mnist, cifar10, cifar100, or a file of lines.")
  var classNames: String?
  @OptionGroup var options: RunOptions

  struct Summary: Encodable {
    var output: String
    var format: String
    var opset: Int
    var fileBytes: Int
    var notes: [String]
  }

  func run() throws {
    var preflight = Preflight()
    preflight.reads("a student", student)
    preflight.writes("--output", output)
    try preflight.check()
    let export = try ONNXExport(
      network(), format: format, isExact: exact, foldsBatchNorm: !keepBatchNorm)
    let bytes = try export.bytes()
    try AtomicFile.write(bytes, to: output)
    for note in export.notes { Output.complain("note: \(note)") }
    let summary = Summary(
      output: output, format: format.rawValue, opset: export.opset, fileBytes: bytes.count,
      notes: export.notes)
    if options.json { return try Output.json(summary, run: options) }
    try Output.text("\(output): \(format.rawValue), opset \(export.opset), \(bytes.count) bytes")
  }

  private func network() throws -> IntegerNetwork {
    let file = try SafetensorsFile(contentsOf: student)
    if IntegerNetwork.isStored(in: file) {
      try Demand.absent("--class-names", classNames != nil, "on a compiled network")
      return try IntegerNetwork(contentsOf: student, context: options.context)
    }
    if StudentCascade.isStored(in: file) {
      let cascade = try StudentCascade(file, path: student)
      return try IntegerNetwork(
        cascade, classNames: names(cascade.levels[0].network), context: options.context)
    }
    let student = try QuantizedNetwork(file, path: student)
    return try IntegerNetwork(student, classNames: names(student.network), context: options.context)
  }

  private func names(_ network: Network) throws -> [String] {
    try classNames.map { try ClassNames($0, model: nil, network).names } ?? []
  }
}
