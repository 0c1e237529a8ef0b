import DFQFiles
import Foundation

/// Bounded reading of a part of a file.
enum FilePart {
  /// Reads `count` bytes of a regular file.
  ///
  /// - Throws: `InterchangeError.cannotOpen(path:reason:)` and `.truncated(path:expected:found:)`.
  static func read(_ path: String, offset: Int, count: Int) throws -> Data {
    let url = URL(fileURLWithPath: path)
    guard let values = try? url.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey]),
      values.isRegularFile == true, let size = values.fileSize
    else { throw InterchangeError.cannotOpen(path: path, reason: "there is no such file") }
    guard size - offset >= count else {
      throw InterchangeError.truncated(
        path: path, expected: offset + count, found: size)
    }
    do {
      let handle = try FileHandle(forReadingFrom: url)
      defer { try? handle.close() }
      try handle.seek(toOffset: UInt64(offset))
      let data = try handle.read(upToCount: count) ?? Data()
      guard data.count == count else {
        throw InterchangeError.truncated(
          path: path, expected: offset + count, found: offset + data.count)
      }
      return data
    } catch let error as InterchangeError {
      throw error
    } catch {
      throw InterchangeError.cannotOpen(path: path, reason: "it can't be read")
    }
  }
}
