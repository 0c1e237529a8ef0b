import DFQEngine
import DFQGraph
import DFQTensor

/// Executes networks.
enum Execution {
  private static let context = ExecutionContext(threads: 1)

  /// Computes the logits of one image, unless it takes too long.
  static func run(_ network: Network) throws {
    let values = network.graph.nodes.reduce(0) { $0 + $1.outputShape.count }
    guard values < 1 << 15, network.parameters.layout.count < 1 << 15, network.graph.macs < 1 << 19
    else { return }
    let memory = FloatExecutor.bytes(
      network, batch: 1, request: .init(outputs: [network.graph.output]), context: context)
    guard memory < 1 << 26 else { return }
    var inputs = Tensor(shape: Shape([1] + network.imageShape.dimensions))
    // Numbers that no image has are among them.
    let numbers: [Float] = [0.5, -1, 2, 1e30, -0.25, 1, -3]
    for index in 0..<inputs.count { inputs[index] = numbers[index % numbers.count] }
    let logits = try FloatExecutor(network, context: context).logits(ofInputs: inputs)
    guard logits.count == network.classCount else { fatalError("logits are missing") }
  }
}
