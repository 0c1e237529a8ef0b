public import DFQGraph
import DFQTensor
import Foundation

/// A classifier that was read from an ONNX file.
///
/// ```swift
/// let imported = try ONNXImport(contentsOf: "model.onnx", options: .init(preprocessing: .imageNet))
/// let images = try SoftLabelSynthesizer(teacher: imported.network).synthesize()
/// ```
///
/// Operators become layers with executors and gradients, N C H W becomes N H W C once, and constants are folded. An operator
/// without a layer is an error that lists all of them. Batch norm must be in the file, because images are synthesized from its
/// statistics: export with `torch.onnx.export(..., training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)`.
public struct ONNXImport: Sendable {
  /// The order of the axes of the graph's input.
  public enum Layout: String, Sendable, CaseIterable {
    /// N C H W, as PyTorch exports.
    case channelsFirst = "nchw"
    /// N H W C, as TensorFlow's converters do.
    case channelsLast = "nhwc"
  }

  /// What an ONNX file doesn't say.
  public struct Options: Sendable {
    /// The normalization of pixels; nil takes that of a file that this package wrote.
    public var preprocessing: Preprocessing?
    /// The order of the input's axes.
    public var layout: Layout
    /// The height and width of images, where the file leaves them open.
    public var imageSize: Size2D?
    /// How many numbers a file may make beside sixteen for each that it holds, such as weights that are one number repeated.
    ///
    /// More are refused, because a few bytes can ask for more memory than any machine has.
    public var madeNumbers = 1 << 24

    /// Makes options; the layout is PyTorch's unless given.
    public init(
      preprocessing: Preprocessing? = nil, layout: Layout = .channelsFirst,
      imageSize: Size2D? = nil
    ) {
      self.preprocessing = preprocessing
      self.layout = layout
      self.imageSize = imageSize
    }
  }

  /// The network.
  public let network: Network
  /// The names of the classes, where the file has them.
  public let classNames: [String]
  /// What was left out or is missing, in sentences.
  public let notes: [String]

  /// Reads a file.
  ///
  /// - Throws: `InterchangeError` where it can't be read, ``ONNXError``, `NetworkError`.
  public init(contentsOf path: String, options: Options = Options()) throws {
    try self.init(ONNXFile(contentsOf: path), options: options)
  }

  /// Reads a model from the bytes of its file; external data are looked for in the working directory.
  ///
  /// - Throws: As ``init(contentsOf:options:)``.
  public init(decoding bytes: [UInt8], options: Options = Options()) throws {
    try self.init(ONNXFile(decoding: bytes, path: "model.onnx"), options: options)
  }

  init(_ file: ONNXFile, options: Options) throws {
    let graph = file.model.graph
    let metadata = Dictionary(
      file.model.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    var notes: [String] = []
    let plan = try ImportPlan(file, notes: &notes)
    let input = try InputForm(file, options: options)
    var state = try GraphImport(
      file, input: input.name, imageShape: input.shape, axes: input.axes, batch: input.batch,
      budget: ImportBudget(options.madeNumbers))
    try state.read(plan.nodes)
    guard case .feature(let output)? = state.value(plan.output) else {
      throw ONNXError.badModel(
        path: file.path, expected: "an output that depends on the image", found: "a constant")
    }
    try state.finish(output)
    let built = state.builder.build()
    guard let preprocessing = options.preprocessing ?? ModelFacts.preprocessing(metadata) else {
      throw ONNXError.missing(
        path: file.path, what: "the normalization of pixels",
        advice: "give the mean and the standard deviation of each channel (--mean, --std)")
    }
    let name = graph.name.isEmpty ? "onnx" : "onnx:\(graph.name)"
    network = try Network(
      architecture: String(name.prefix(80)), graph: built,
      parameters: state.parameterSet(), preprocessing: preprocessing)
    try network.checkFinite()
    if built.batchNorms.isEmpty {
      notes.append(
        "there is no batch norm, whose statistics most methods match. Where the exporter has folded it into the weights, export with "
          + "training=TrainingMode.PRESERVE and do_constant_folding=False, or make images without statistics (--method deepdream)"
      )
    }
    classNames = ModelFacts.classNames(metadata, count: network.classCount)
    self.notes = notes + state.notes
  }
}
