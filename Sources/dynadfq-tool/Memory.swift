import DynaDFQ
import Foundation

/// Whether work fits this machine's memory, asked before any of it is taken.
enum Memory {
  /// The least that a pass with gradients over a batch keeps: the results of layers with weights.
  ///
  /// - Throws: ``ToolError/usage(_:)`` where that is more than the machine has.
  static func check(_ option: String, batch: Int, of network: Network) throws {
    let graph = network.graph
    let values = graph.weighted.reduce(0) { $0 + graph.nodes[$1].outputShape.count }
    try check("\(option) \(batch)", count: batch, each: 4 * (values + graph.inputShape.count))
  }

  /// - Throws: ``ToolError/usage(_:)`` where so many images are more than the machine has.
  static func check(_ option: String, images: Int, of network: Network) throws {
    try check("\(option) \(images)", count: images, each: 4 * network.imageShape.count)
  }

  /// - Throws: ``ToolError/usage(_:)`` where an executor's bytes are more than the machine has.
  static func check(_ option: String, bytes: Int) throws {
    try check(option, count: 1, each: bytes)
  }

  private static func check(_ what: String, count: Int, each: Int) throws {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: each)
    guard !overflow, bytes <= limit else {
      let needed = Double(count) * Double(each) / 1e9
      throw ToolError.usage(
        "\(what) needs at least \(Output.short(needed)) GB of memory; this machine has "
          + "\(Output.short(Double(limit) / 1e9)) GB")
    }
  }

  /// The largest memory of this process until now.
  static var peakBytes: Int {
    #if os(Linux)
      // Not getrusage: its peak is also that of the process this one was started from.
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      return
        (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0)
        * 1024
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }

  /// The memory this process may use: the machine's, or its control group's where that is less.
  private static let limit: Int = {
    let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    let group = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8)
    let value = group.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    return min(machine, value ?? .max)
  }()
}
