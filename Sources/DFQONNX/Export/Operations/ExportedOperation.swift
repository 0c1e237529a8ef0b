import DFQRuntime
import DFQTensor

/// An operation in floating point that ONNX has operators for.
protocol ExportedOperation: NumberOperation {
  /// Adds the nodes and returns the name of their result.
  func export(_ place: ExportedPlace, to exporter: inout ProgramExporter) -> String

  /// The first version of ONNX's operators that has what it needs.
  static var opset: Int { get }
}

extension ExportedOperation {
  static var opset: Int { ONNXExport.firstOpset }
}

/// Where an operation stands in a graph: the names of its inputs, N C H W or N C, with their shapes H W C or C.
struct ExportedPlace {
  let inputs: [String]
  let shapes: [Shape]
  let output: Shape
  let label: String
}
