import DFQGraph
import DFQRuntime
import DFQTensor

/// A layer that integer programs have operations for.
protocol CompiledLayer: Layer {
  /// The operations, each of which reads the one before it; the first one reads the layer's first input.
  ///
  /// - Throws: `RuntimeError.unsupported` for settings that programs do not have.
  func operations(_ place: CompiledPlace) throws -> [CompiledOperation]
}

/// Where a layer stands in a program.
struct CompiledPlace {
  /// The layer's name.
  let name: String
  /// The program's values that it reads.
  let inputs: [Int]
  /// Their shapes.
  let shapes: [Shape]
  let output: Shape
  /// All parameters of the layer, one after the other.
  let parameters: [Float]

  func unsupported(_ what: String) -> RuntimeError { .unsupported(layer: name, what: what) }

  /// The only operation of a layer.
  func only(_ kind: Operation.Kind) -> [CompiledOperation] { [.init(kind: kind, shape: output)] }

  /// An operation in floating point.
  func only(_ operation: any NumberOperation) -> [CompiledOperation] {
    only(.numbers(AnyNumberOperation(operation)))
  }
}

/// An operation and the shape of its output.
struct CompiledOperation {
  let kind: Operation.Kind
  let shape: Shape
  var ending = Operation.Ending()
}
