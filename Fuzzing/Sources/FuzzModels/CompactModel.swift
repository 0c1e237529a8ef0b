import DFQFiles
import DFQRuntime
import DFQTensor

/// The three parts of a model without the file around them, whose header a fuzzer hardly gets right.
///
/// Bytes: options, the lengths of the program and of the constants (two bytes each, the lower first), the
/// program, the constants (four bytes each), the weights.
struct CompactModel {
  /// How the model is executed, see ``Execution``.
  let options: UInt8
  private let program: [UInt8]
  private let constants: [Float]
  private let weights: [UInt8]

  /// nil for the bytes of a file.
  init?(_ bytes: [UInt8]) {
    guard bytes.count > 5, bytes.count < 9 || bytes[8] != UInt8(ascii: "{") else { return nil }
    options = bytes[0]
    let programEnd = min(5 + Int(bytes[1]) + Int(bytes[2]) << 8, bytes.count)
    let constantCount = min(Int(bytes[3]) + Int(bytes[4]) << 8, (bytes.count - programEnd) / 4)
    program = Array(bytes[5..<programEnd])
    constants = (0..<constantCount).map { index in
      let number = bytes[(programEnd + 4 * index)...].prefix(4).reversed()
      return Float(bitPattern: number.reduce(0) { $0 << 8 | UInt32($1) })
    }
    weights = Array(bytes[(programEnd + 4 * constantCount)...])
  }

  /// The network.
  ///
  /// A changed program seldom needs as many constants and weights as before. It is given more, and then as
  /// many as the error says that it used.
  func network(_ context: ExecutionContext) throws -> IntegerNetwork {
    let constants = CompactModel.extended(constants, to: constants.count + 256, zero: 1)
    let weights = CompactModel.extended(weights, to: weights.count + 4096, zero: 0)
    do {
      return try network(program, constants, weights, context)
    } catch RuntimeError.badModel(_, "nothing after the program", let found) {
      let left = found.split { !$0.isNumber }.compactMap { Int($0) }
      return try network(
        program.dropLast(left[0]), constants.dropLast(left[1]), weights.dropLast(left[2]), context)
    }
  }

  private static func extended<Element>(
    _ list: [Element], to count: Int, zero: Element
  ) -> [Element] {
    (0..<count).map { list.isEmpty ? zero : list[$0 % list.count] }
  }

  private func network(
    _ program: [UInt8], _ constants: [Float], _ weights: [UInt8], _ context: ExecutionContext
  ) throws -> IntegerNetwork {
    var file = SafetensorsFile(metadata: ["format": "dynadfq integer network 1"])
    file.add("constants", Tensor(shape: [constants.count], elements: constants))
    file.add("program", [program.count], uint8s: program)
    file.add("weights", [weights.count], uint8s: weights)
    return try IntegerNetwork(decoding: file.encoded(), context: context)
  }
}
