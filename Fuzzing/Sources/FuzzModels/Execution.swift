import DFQRuntime
import DFQTensor

/// Executes networks: the options choose the instruction set and whether there are several threads.
struct Execution {
  private let context: ExecutionContext

  private static let single = InstructionSet.available.map {
    ExecutionContext(threads: 1, instructionSet: $0)
  }
  private static let team = InstructionSet.available.map {
    ExecutionContext(threads: 3, instructionSet: $0)
  }

  init(options: UInt8) {
    // The best instruction set first, as it is the default; few inputs have a team, which is slow.
    let contexts = options >> 3 == 1 ? Execution.team : Execution.single
    context = contexts[(contexts.count - 1 + Int(options & 7)) % contexts.count]
  }

  /// Makes a network and classifies images, unless it takes too long.
  func run(_ make: (ExecutionContext) throws -> IntegerNetwork) throws {
    let network = try make(context)
    let elements = network.imageShape.count
    let macs = network.layers.reduce(0) { $0 + $1.macs }
    guard network.valueByteCount < 1 << 18, elements < 1 << 16, macs < 1 << 23 else { return }
    let pixels = (0..<2 * elements).map { UInt8(truncatingIfNeeded: $0 * 37) }
    try pixels.withUnsafeBufferPointer { _ = try network.predict(pixels: $0, count: 2) }
    // Numbers that no image has.
    let values: [Float] = [0.5, -1, 1e30, .infinity, .nan, -3, 2]
    var inputs = Tensor(shape: Shape([1] + network.imageShape.dimensions))
    for index in 0..<elements { inputs[index] = values[index % values.count] }
    guard try network.predict(inputs: inputs)[0].logits.count == network.classCount else {
      fatalError("logits are missing")
    }
  }
}
