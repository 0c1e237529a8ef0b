import DynaDFQ
import Foundation

/// How a result came about.
public struct RunDetails: Sendable, Codable, Hashable {
  /// The library's version.
  public var version: String
  /// The commit that the environment names (`DYNADFQ_COMMIT`), where it does.
  public var commit: String?
  /// Processor and system.
  public var machine: String
  /// The kernels' instruction set.
  public var instructionSet: String
  /// Where convolutions run.
  public var backend: String
  /// How 3x3 convolutions are computed.
  public var convolution: String
  /// How quantized convolutions are computed.
  public var arithmetic: String
  /// What the BLAS says of itself.
  public var blas: String
  /// The worker threads of the cell.
  public var threads: Int
  /// When the cell was finished, UTC.
  public var date: String
  /// How long it took, the last part only where it was resumed.
  public var seconds: Double
  /// Whether an earlier process had begun it.
  public var wasResumed: Bool

  /// Describes work that ends now.
  init(_ context: ExecutionContext, seconds: Double, wasResumed: Bool) {
    version = LibraryVersion.current
    commit = RunDetails.commit
    machine = RunDetails.machineName
    instructionSet = context.instructionSet.rawValue
    backend = context.backend.rawValue
    convolution = context.convolutionAlgorithm.rawValue
    arithmetic = context.quantizedArithmetic.rawValue
    blas = BLAS.configuration
    threads = context.pool.threads
    date = RunDetails.now
    self.seconds = (seconds * 1000).rounded() / 1000
    self.wasResumed = wasResumed
  }

  static var commit: String? {
    let value = ProcessInfo.processInfo.environment["DYNADFQ_COMMIT"] ?? ""
    return value.isEmpty ? nil : value
  }

  /// The time now as `2026-11-25T16:00:00Z`.
  static var now: String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The processor's name, the number of processors and the system.
  static let machineName: String = {
    let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
    let processor = line?.split(separator: ":", maxSplits: 1).last.map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    let info = ProcessInfo.processInfo
    return "\(processor ?? "unknown processor"), \(info.activeProcessorCount) processors, "
      + info.operatingSystemVersionString
  }()
}
