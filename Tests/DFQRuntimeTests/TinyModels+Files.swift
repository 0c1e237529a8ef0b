import DFQFiles
import DFQRuntime
import DFQTensor
import Foundation

extension TinyModels {
  /// The three parts of a model's file.
  struct Parts {
    var program: [UInt8]
    var constants: [Float]
    var weights: [UInt8]

    /// The parts of a network's file.
    init(_ network: IntegerNetwork) throws {
      let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("\(UUID()).dfq").path
      defer { try? FileManager.default.removeItem(atPath: path) }
      try network.write(to: path)
      let file = try SafetensorsFile(contentsOf: path)
      program = try file.uint8s("program")
      constants = try file.tensor("constants").elements
      weights = try file.uint8s("weights")
    }

    /// The parts of the compact form; nil where it is too short.
    init?(compact bytes: [UInt8]) {
      guard bytes.count > 5 else { return nil }
      let end = min(5 + Int(bytes[1]) + Int(bytes[2]) << 8, bytes.count)
      let count = min(Int(bytes[3]) + Int(bytes[4]) << 8, (bytes.count - end) / 4)
      program = Array(bytes[5..<end])
      constants = (0..<count).map { index in
        let number = bytes[(end + 4 * index)...].prefix(4).reversed()
        return Float(bitPattern: number.reduce(0) { $0 << 8 | UInt32($1) })
      }
      weights = Array(bytes[(end + 4 * count)...])
    }

    /// The bytes of a file.
    var file: [UInt8] {
      var file = SafetensorsFile(metadata: ["format": "dynadfq integer network 1"])
      file.add("constants", Tensor(shape: [constants.count], elements: constants))
      file.add("program", [program.count], uint8s: program)
      file.add("weights", [weights.count], uint8s: weights)
      return file.encoded()
    }

    /// The compact form of Fuzzing/Sources/FuzzModels/CompactModel.swift.
    func compact(options: UInt8) -> [UInt8] {
      let lengths = [program.count, constants.count].flatMap {
        [UInt8($0 & 0xff), UInt8($0 >> 8)]
      }
      let numbers = constants.flatMap { number in
        (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) }
      }
      return [options] + lengths + program + numbers + weights
    }
  }

  /// Writes what the fuzzer starts from.
  static func write(corpus folder: String) throws {
    for (index, item) in all.enumerated() {
      let parts = try Parts(IntegerNetwork(item.model))
      try Data(parts.compact(options: UInt8(index % 3)))
        .write(to: URL(fileURLWithPath: "\(folder)/\(item.name).compact"))
      guard index < 2 else { continue }
      try Data(parts.file).write(to: URL(fileURLWithPath: "\(folder)/\(item.name).dfq"))
    }
  }
}
