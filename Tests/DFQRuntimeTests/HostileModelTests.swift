import DFQFiles
import DFQRuntime
import DFQTensor
import Foundation
import Testing

/// Files of integer networks that were changed: a typed error, or a network that classifies.
@Suite struct HostileModelTests {
  private static let one = ExecutionContext(threads: 1)
  private static let two = ExecutionContext(threads: 2)

  /// Decodes bytes and executes what is accepted; returns whether it was.
  ///
  /// Errors of other types are recorded.
  private static func survives(_ bytes: [UInt8], context: ExecutionContext = one) -> Bool {
    do {
      let network = try IntegerNetwork(decoding: bytes, context: context)
      // A change may multiply what there is to compute.
      let macs = network.layers.reduce(0) { $0 + $1.macs }
      guard network.valueByteCount < 1 << 17, macs < 1 << 20 else { return true }
      let count = network.imageShape.count
      let pixels = [UInt8]((0..<2 * count).map { UInt8(truncatingIfNeeded: $0 * 37) })
      let predictions = try pixels.withUnsafeBufferPointer {
        try network.predict(pixels: $0, count: 2)
      }
      #expect(predictions.logits.count == 2 * network.classCount)
      return true
    } catch {
      #expect(error is RuntimeError || error is InterchangeError, "\(error)")
      return false
    }
  }

  @Test(arguments: TinyModels.all.indices)
  func changedPrograms(index: Int) throws {
    let parts = try TinyModels.Parts(IntegerNetwork(TinyModels.all[index].model))
    #expect(Self.survives(parts.file))
    var accepted = 0
    for place in parts.program.indices {
      let byte = parts.program[place]
      let changes = (0..<8).map { byte ^ 1 << $0 } + [0, 0xff, byte &+ 1, byte &- 1]
      for change in Set(changes) where change != byte {
        var changed = parts
        changed.program[place] = change
        if Self.survives(changed.file, context: place % 16 == 0 ? Self.two : Self.one) {
          accepted += 1
        }
      }
    }
    // Names, paddings and residuals may have other values.
    #expect(accepted > 0)
  }

  /// What floating-point numbers must not be, and what they may be however strange.
  @Test(arguments: TinyModels.all.indices)
  func changedConstants(index: Int) throws {
    let parts = try TinyModels.Parts(IntegerNetwork(TinyModels.all[index].model))
    let strange: [Float] = [
      0, -0.0, -1, 0.5, .nan, .infinity, -.infinity, .leastNonzeroMagnitude,
      .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e6, -999_999, 128, -255,
    ]
    for place in stride(from: 0, to: parts.constants.count, by: 1 + parts.constants.count / 150) {
      for number in strange {
        var changed = parts
        changed.constants[place] = number
        _ = Self.survives(changed.file)
      }
    }
  }

  @Test(arguments: TinyModels.all.indices)
  func shortenedAndChangedFiles(index: Int) throws {
    let parts = try TinyModels.Parts(IntegerNetwork(TinyModels.all[index].model))
    let file = parts.file
    for count in stride(from: 0, to: file.count, by: 1 + file.count / 700) {
      #expect(!Self.survives(Array(file[..<count])))
    }
    for place in stride(from: 0, to: file.count, by: 1 + file.count / 300) {
      for change in [file[place] ^ 1, file[place] ^ 0x80, 0, 0xff] {
        var changed = file
        changed[place] = change
        _ = Self.survives(changed)
      }
    }
    // The parts' own ends, with a header that fits them.
    for count in parts.program.indices {
      var changed = parts
      changed.program.removeLast(parts.program.count - count)
      #expect(!Self.survives(changed.file))
    }
    var changed = parts
    changed.constants.removeLast()
    #expect(!Self.survives(changed.file))
    changed = parts
    changed.weights.append(0)
    #expect(!Self.survives(changed.file))
  }

  /// What the fuzzer starts from, see Scripts/fuzz.
  @Test func corpus() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fuzzing/corpus")
    if let target = ProcessInfo.processInfo.environment["DFQ_WRITE_CORPUS"] {
      try TinyModels.write(corpus: target)
    }
    let files = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    #expect(files.count > TinyModels.all.count)
    for file in files {
      let bytes = [UInt8](try Data(contentsOf: file))
      let whole =
        file.pathExtension == "dfq"
        ? bytes : try #require(TinyModels.Parts(compact: bytes)?.file)
      _ = Self.survives(whole)
      _ = Self.survives(whole, context: Self.two)
    }
  }
}
