import DynaDFQ
import Foundation

/// The tool as a process, in a directory of its own with a tiny network and a tiny data set.
struct Tool {
  let directory: String

  /// What a finished process left.
  struct Result {
    let status: Int32
    let output: String
    let error: String
    var errorLines: [Substring] { error.split(separator: "\n") }
  }

  init() throws {
    directory =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("dynadfq-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let network = try Architecture(.cifarResNet(depth: 8, projection: false)).network(seed: 3)
    try network.write(to: path("tiny.safetensors"))
    var stream = RandomStream(seed: 5, "pixels")
    var records: [UInt8] = []
    for image in 0..<12 {
      records.append(UInt8(image % 10))
      for _ in 0..<3072 { records.append(UInt8(stream.integer(below: 256))) }
    }
    try AtomicFile.write(records, to: path("test.bin"))
  }

  func path(_ name: String) -> String { "\(directory)/\(name)" }

  func remove() { try? FileManager.default.removeItem(atPath: directory) }

  func contents(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path(name)))
  }

  /// The built executable, beside the test bundle this code was loaded from.
  static let executable: String = {
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    for line in maps.split(separator: "\n") where line.contains(".xctest") {
      guard let start = line.firstIndex(of: "/") else { continue }
      let bundle = URL(fileURLWithPath: String(line[start...]))
      let beside = bundle.deletingLastPathComponent().appendingPathComponent("dynadfq").path
      if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return root.appendingPathComponent(".build/release/dynadfq").path
  }()

  /// Starts the tool; with a file's name, waits until it exists and then kills the process.
  func run(_ arguments: [String], killWhenThereIs file: String? = nil) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Tool.executable)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    let names = (path("output-\(UUID())"), path("error-\(UUID())"))
    for name in [names.0, names.1] {
      _ = FileManager.default.createFile(atPath: name, contents: nil)
    }
    process.standardOutput = FileHandle(forWritingAtPath: names.0)
    process.standardError = FileHandle(forWritingAtPath: names.1)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    if let file {
      while process.isRunning, !FileManager.default.fileExists(atPath: path(file)) {
        usleep(2000)
      }
      kill(process.processIdentifier, SIGKILL)
    }
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: try String(contentsOfFile: names.0, encoding: .utf8),
      error: try String(contentsOfFile: names.1, encoding: .utf8))
  }
}
