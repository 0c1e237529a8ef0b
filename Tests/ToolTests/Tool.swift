import DynaDFQ
import Foundation
import Testing

/// The tool as a process, in a directory of its own with a tiny network and a tiny data set.
struct Tool {
  let directory: String

  /// What a finished process left.
  struct Result {
    let status: Int32
    /// Whether a signal ended the process.
    let wasKilled: Bool
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

  /// Adds noise images, and a dynamic student that is only calibrated.
  func addStudent(bits: [Int] = [3, 4, 5]) throws {
    let teacher = try Network(contentsOf: path("tiny.safetensors"))
    let images = try SyntheticImages.noise(count: 16, for: teacher, seed: 3)
    try images.write(to: path("images.safetensors"))
    let student = try DynamicTrainer(
      teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: bits)
    ).calibrate(on: images)
    try student.write(to: path("student.safetensors"))
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

  /// How a run of the tool differs from the plain one.
  struct Setting {
    /// The most address space in MB that the process may take.
    var megabytes: Int?
    /// More of the environment.
    var environment: [String: String] = [:]
    /// Where standard output goes instead of a file.
    var output: FileHandle?
    /// Where standard error goes instead of a file.
    var error: FileHandle?
    /// The file whose appearance lets the process be sent `signal`.
    var awaited: String?
    var signal = SIGKILL
  }

  /// Starts the tool and waits for its end.
  func run(_ arguments: [String], _ setting: Setting = Setting()) throws -> Result {
    let process = Process()
    if let megabytes = setting.megabytes {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments =
        ["-c", "ulimit -v \(megabytes * 1024); exec \"$0\" \"$@\"", Tool.executable] + arguments
    } else {
      process.executableURL = URL(fileURLWithPath: Tool.executable)
      process.arguments = arguments
    }
    process.environment = ProcessInfo.processInfo.environment.merging(setting.environment) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    let names = (path(".output-\(UUID())"), path(".error-\(UUID())"))
    for name in [names.0, names.1] {
      _ = FileManager.default.createFile(atPath: name, contents: nil)
    }
    process.standardOutput = setting.output ?? FileHandle(forWritingAtPath: names.0)
    process.standardError = setting.error ?? FileHandle(forWritingAtPath: names.1)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    if let file = setting.awaited {
      while process.isRunning, !FileManager.default.fileExists(atPath: path(file)) {
        usleep(2000)
      }
      kill(process.processIdentifier, setting.signal)
    }
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
      output: try String(contentsOfFile: names.0, encoding: .utf8),
      error: try String(contentsOfFile: names.1, encoding: .utf8))
  }

  /// The JSON object on standard output of a run that succeeds.
  func json(_ arguments: [String]) throws -> [String: Any] {
    let result = try run(arguments + ["--json"])
    try #require(result.status == 0, "\(arguments): \(result.error)")
    return try #require(
      JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  /// Runs the tool with arguments that cannot work: it ends by itself with the expected code and one
  /// line that names the culprit, and no file is new or changed.
  func expectRefusal(
    _ arguments: [String], naming culprit: String, code: Int32? = nil, megabytes: Int = 4000
  ) throws {
    let before = try snapshot()
    let result = try run(arguments, Setting(megabytes: megabytes))
    #expect(!result.wasKilled, "\(arguments): signal \(result.status)")
    #expect(result.status != 0, "\(arguments)")
    if let code { #expect(result.status == code, "\(arguments): \(result.error)") }
    #expect(result.errorLines.count == 1, "\(arguments): \(result.error)")
    #expect(result.error.hasPrefix("dynadfq: error: "), "\(arguments): \(result.error)")
    #expect(result.error.contains(culprit), "\(arguments): \(result.error)")
    #expect(result.error.count < 1200 && result.output.isEmpty, "\(arguments)")
    #expect(try snapshot() == before, "\(arguments)")
  }

  /// The visible files and their contents.
  private func snapshot() throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory)
    where !name.hasPrefix(".") {
      files[name] = (try? contents(name)) ?? Data()
    }
    return files
  }
}
