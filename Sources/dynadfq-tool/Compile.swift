import ArgumentParser
import DynaDFQ

struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn a student or a cascade into an integer network, the file that is deployed.",
    discussion: """
      Example: dynadfq compile student.safetensors -o model.dfq

      The file holds packed integers at their own width, scales, zero points, thresholds, the \
      normalization of pixels and the classes' names. Predictions are the student's. `evaluate` and \
      `bench` take it; programs load it with the product DFQRuntime or the C interface.
      """)

  @Argument(help: "A student's or cascade's file.")
  var student: String
  @Option(name: .shortAndLong, help: "Where the integer network goes.")
  var output: String
  @Option(help: "Names of the classes: fashion-mnist, cifar10, cifar100, or a file of lines.")
  var classNames: String?
  @OptionGroup var options: RunOptions

  struct Summary: Encodable {
    var output: String
    var levels: Int
    var layers: [IntegerNetwork.LayerDescription]
    var packedBytes: Int
    var fileBytes: Int
    /// What the weights take in 32-bit floating point.
    var floatBytes: Int
  }

  func run() throws {
    var preflight = Preflight()
    preflight.reads("a student", student)
    preflight.writes("--output", output)
    try preflight.check()
    let file = try SafetensorsFile(contentsOf: student)
    let network =
      StudentCascade.isStored(in: file)
      ? try compiled(StudentCascade(file, path: student))
      : try compiled(QuantizedNetwork(file, path: student))
    try network.write(to: output)
    let layers = network.layers
    let summary = Summary(
      output: output, levels: network.levelCount, layers: layers,
      packedBytes: network.packedByteCount, fileBytes: network.fileByteCount,
      floatBytes: 4 * layers.reduce(0) { $0 + $1.weightCount })
    if options.json { return try Output.json(summary, run: options) }
    try show(summary)
  }

  private func compiled(_ student: QuantizedNetwork) throws -> IntegerNetwork {
    try IntegerNetwork(student, classNames: names(student.network), context: options.context)
  }

  private func compiled(_ cascade: StudentCascade) throws -> IntegerNetwork {
    try IntegerNetwork(
      cascade, classNames: names(cascade.levels[0].network), context: options.context)
  }

  private func names(_ network: Network) throws -> [String] {
    try classNames.map { try ClassNames($0, model: nil, network).names } ?? []
  }

  private func show(_ summary: Summary) throws {
    try Output.table(
      ["layer", "weights", "weight bits", "input bits", "kernel"],
      summary.layers.map { layer in
        func bits(_ list: [Int]) -> String {
          list.isEmpty ? "32" : list.map { "\($0)" }.joined(separator: ",")
        }
        let level = summary.levels == 1 ? "" : "\(layer.level + 1): "
        return [
          level + layer.name, "\(layer.weightCount)", bits(layer.weightBits),
          bits(layer.inputBits), layer.kernel.rawValue,
        ]
      })
    let sizes = [summary.fileBytes, summary.packedBytes, summary.floatBytes].map {
      Output.fixed(Double($0) / 1024, digits: 1)
    }
    try Output.line(
      "\(summary.output): \(sizes[0]) KiB; its codes and constants \(sizes[1]) KiB; weights in "
        + "floating point \(sizes[2]) KiB")
  }
}
