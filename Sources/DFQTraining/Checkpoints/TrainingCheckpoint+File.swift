import DFQFiles
import DFQTensor
import Foundation

/// A checkpoint as a safetensors file: the content under its own names, the run's tensors under
/// `training.`, everything else in the metadata.
extension TrainingCheckpoint {
  private static let format = "dynadfq training checkpoint 2"
  private static let prefix = "training."
  private static let setting = "training.setting."
  private static let counter = "training.counter."
  private static let formatKey = "training.format"
  private static let checksumKey = "training.checksum"

  /// Writes the checkpoint; the file appears whole or not at all.
  ///
  /// - Throws: ``InterchangeError/cannotWrite(path:reason:)``.
  public func write(to path: String) throws {
    var file = content
    file.metadata[Self.formatKey] = Self.format
    for (name, text) in identity.settings { file.metadata[Self.setting + name] = text }
    for (name, value) in counters { file.metadata[Self.counter + name] = "\(value)" }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) where tensor.count > 0 {
      file.add(Self.prefix + name, tensor)
    }
    file.metadata[Self.checksumKey] = try Self.checksum(file)
    try file.write(to: path)
  }

  /// Reads a checkpoint and verifies its checksum.
  ///
  /// - Throws: ``InterchangeError`` for a file that is no safetensors file,
  ///   ``TrainingError/badCheckpoint(path:expected:found:)`` for one that is no checkpoint or was
  ///   changed after it was written.
  public init(contentsOf path: String) throws {
    let file = try SafetensorsFile(contentsOf: path)
    func demand(_ holds: Bool, _ expected: String, _ found: String) throws {
      if !holds {
        throw TrainingError.badCheckpoint(path: path, expected: expected, found: found)
      }
    }
    let format = file.metadata[Self.formatKey]
    try demand(
      format == Self.format, "metadata \(Self.formatKey) \"\(Self.format)\"", format ?? "none")
    let saved = file.metadata[Self.checksumKey] ?? "none"
    let checksum = try Self.checksum(file)
    try demand(
      saved == checksum, "the checksum \(saved) that was written with it",
      "a checksum of \(checksum)")

    var settings: [String: String] = [:]
    var counters: [String: Int] = [:]
    for (key, text) in file.metadata where key.hasPrefix(Self.prefix) {
      if key.hasPrefix(Self.setting) {
        settings[String(key.dropFirst(Self.setting.count))] = text
      } else if key.hasPrefix(Self.counter) {
        let name = String(key.dropFirst(Self.counter.count))
        let value = Int(text)
        try demand(value.map { $0 >= 0 } ?? false, "a count in the counter \"\(name)\"", text)
        counters[name] = value
      }
    }
    self.init(
      content: file.removing(prefix: Self.prefix), identity: RunIdentity(settings: settings),
      path: path)
    self.counters = counters
    for name in file.names where name.hasPrefix(Self.prefix) {
      tensors[String(name.dropFirst(Self.prefix.count))] = try file.tensor(name)
    }
  }

  /// The checkpoint at a path, nil where there is no file.
  ///
  /// - Throws: What ``init(contentsOf:)`` throws.
  public static func existing(at path: String?) throws -> TrainingCheckpoint? {
    guard let path, FileManager.default.fileExists(atPath: path) else { return nil }
    return try TrainingCheckpoint(contentsOf: path)
  }

  /// A checksum of all tensors and metadata but itself; every single changed bit changes it.
  private static func checksum(_ file: SafetensorsFile) throws -> String {
    var sum = Checksum()
    for (key, text) in file.metadata.sorted(by: { $0.key < $1.key }) where key != checksumKey {
      sum.add(Array(key.utf8))
      sum.add(Array(text.utf8))
    }
    for name in file.names.sorted() {
      sum.add(Array(name.utf8))
      sum.add(Array("\(try file.dataType(of: name).rawValue) \(try file.shape(of: name))".utf8))
      sum.add(try file.bytes(name))
    }
    return sum.text
  }
}

/// FNV-1a (Fowler, Noll and Vo) over words of eight bytes.
///
/// A step is a bijection of the sum, so that two inputs of one length that differ in one word never
/// have the same sum. It finds damage; it does not withstand forgery.
private struct Checksum {
  private var sum: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: [UInt8]) {
    add(UInt64(bytes.count))
    bytes.withUnsafeBytes { buffer in
      var position = 0
      while position + 8 <= buffer.count {
        add(UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
        position += 8
      }
      for byte in buffer[position...] { add(UInt64(byte)) }
    }
  }

  private mutating func add(_ word: UInt64) { sum = (sum ^ word) &* 0x0000_0100_0000_01B3 }

  var text: String { String(sum, radix: 16) }
}
