import DFQFiles
import Foundation

/// The file of results, one JSON object a line.
///
/// A line is appended by one write and reaches the disk before the cell counts as finished. A last
/// line without its end was torn by the end of a process: readers ignore it and the next writer cuts
/// it off.
struct ResultLog {
  let path: String
  /// The largest file that is read: 1 GiB.
  private static let byteLimit = 1 << 30

  /// All whole lines.
  func read() throws -> [ResultRecord] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let bytes = try FileContents.read(path, limit: ResultLog.byteLimit)
    let decoder = JSONDecoder()
    var records: [ResultRecord] = []
    var number = 0
    var start = 0
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      number += 1
      let line = bytes[start..<end]
      start = end + 1
      guard !line.isEmpty else { continue }
      do {
        let record = try decoder.decode(ResultRecord.self, from: Data(line))
        guard record.format == ResultRecord.format else {
          throw StoreError.badLine(
            path: path, line: number, reason: "form \(record.format) is not known")
        }
        records.append(record)
      } catch let error as DecodingError {
        throw StoreError.badLine(path: path, line: number, reason: "\(error)")
      }
    }
    return records
  }

  /// Appends a record.
  func append(_ record: ResultRecord) throws {
    let line = Array((try JSONTree(encoding: record).text + "\n").utf8)
    func fail() -> InterchangeError {
      .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw fail() }
    defer { close(descriptor) }
    // Several processes may append, and not every file system does it in one piece. The lock ends with the descriptor.
    guard flock(descriptor, LOCK_EX) == 0, try cutTornLine(descriptor) else { throw fail() }
    var rest = line[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno != EINTR { throw fail() }
      rest = rest.dropFirst(max(0, count))
    }
    guard fsync(descriptor) == 0 else { throw fail() }
  }

  /// Cuts off a last line without its end; false where the system can't.
  private func cutTornLine(_ descriptor: Int32) throws -> Bool {
    let size = lseek(descriptor, 0, SEEK_END)
    guard size > 0 else { return size == 0 }
    var last: UInt8 = 0
    guard pread(descriptor, &last, 1, size - 1) == 1 else { return false }
    guard last != UInt8(ascii: "\n") else { return true }
    let bytes = try FileContents.read(path, limit: ResultLog.byteLimit)
    let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return ftruncate(descriptor, off_t(whole)) == 0
  }
}
