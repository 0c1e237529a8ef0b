/// Turns nodes of some operators into layers.
///
/// To read another operator, add a type of this kind and its line in ``OperatorImporters``.
protocol OperatorImporter: Sendable {
  /// The operators, with their domain where it isn't ONNX's own.
  static var operators: [String] { get }

  /// Adds what a node is, and sets the values of its outputs.
  ///
  /// - Throws: ``ONNXError`` for inputs and attributes that have no layer.
  static func add(_ node: ImportNode, to graph: inout GraphImport) throws
}

/// All operators that have layers.
enum OperatorImporters {
  static let all: [any OperatorImporter.Type] = [
    ConvolutionImporter.self, BatchNormImporter.self, ActivationImporter.self,
    ArithmeticImporter.self, ConcatenationImporter.self, PoolingImporter.self,
    MeanImporter.self, LinearImporter.self, ShapeImporter.self, PadImporter.self,
    ResizeImporter.self, IdentityImporter.self, LayerNormImporter.self,
    SliceImporter.self, SplitImporter.self, GatherImporter.self,
    LocalResponseNormalizationImporter.self,
  ]

  static let byOperator: [String: any OperatorImporter.Type] = Dictionary(
    all.flatMap { type in type.operators.map { ($0, type) } },
    uniquingKeysWith: { first, _ in first })

  /// What helps where an operator has no layer.
  static func advice(_ operation: String) -> String? {
    switch operation {
    case "QuantizeLinear", "DequantizeLinear", "QLinearConv", "ConvInteger", "QLinearMatMul":
      "export the network in floating point: it is quantized here"
    case "Softmax", "LogSoftmax": "it is read at the end of a classifier only"
    case "LSTM", "GRU", "RNN", "Loop", "Scan", "If":
      "only feed-forward image classifiers are read"
    case "NonMaxSuppression", "RoiAlign", "TopK": "export the classifier without what follows it"
    default: nil
    }
  }
}
