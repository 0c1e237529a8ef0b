#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processors that a Linux control group lets a process use, version 1 or 2.
package enum ProcessorQuota {
  /// The quota of this process in whole processors, rounded up; nil where there is none.
  package static var current: Int? {
    contents("/proc/self/cgroup").flatMap { quota(groups: $0, read: contents) }
  }

  /// The least quota of the groups listed as in `/proc/self/cgroup` and of all groups above them.
  ///
  /// `read` returns the text of a file, or nil.
  package static func quota(groups: String, read: (_ path: String) -> String?) -> Int? {
    var least: Int?
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",")
      let isUnified = parts[0] == "0" && controllers.isEmpty
      guard isUnified || controllers.contains("cpu") else { continue }
      let roots =
        isUnified ? ["/sys/fs/cgroup"] : ["/sys/fs/cgroup/\(parts[1])", "/sys/fs/cgroup/cpu"]
      for root in roots {
        for folder in chain(root, String(parts[2])) {
          let found = isUnified ? version2(folder, read) : version1(folder, read)
          if let found { least = min(least ?? found, found) }
        }
      }
    }
    return least
  }

  /// A group's folder and those above it, up to the root.
  private static func chain(_ root: String, _ group: String) -> [String] {
    var folders = [root]
    for part in group.split(separator: "/") where part != ".." {
      folders.append("\(folders.last!)/\(part)")
    }
    return folders
  }

  /// `cpu.max` holds the quota, or `max`, and the period, in microseconds.
  private static func version2(_ folder: String, _ read: (String) -> String?) -> Int? {
    guard let text = read("\(folder)/cpu.max") else { return nil }
    let numbers = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1] else { return nil }
    return processors(quota: quota, period: period)
  }

  /// Quota and period have a file each; a quota of -1 is none.
  private static func version1(_ folder: String, _ read: (String) -> String?) -> Int? {
    func number(_ name: String) -> Int? {
      read("\(folder)/\(name)")?.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }
    guard let quota = number("cpu.cfs_quota_us"), let period = number("cpu.cfs_period_us") else {
      return nil
    }
    return processors(quota: quota, period: period)
  }

  private static func processors(quota: Int, period: Int) -> Int? {
    guard quota > 0, period > 0 else { return nil }
    return (quota - 1) / period + 1
  }

  /// The first few thousand bytes of a file, or nil.
  private static func contents(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}
