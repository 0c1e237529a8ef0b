internal import Foundation

/// Bounded reading of whole files.
public enum FileContents {
  /// The bytes of a regular file that is not larger than `limit` bytes.
  ///
  /// The size is checked before anything is allocated. Directories, devices and pipes are refused:
  /// their size is unknown, and a pipe without a writer would never end.
  /// - Throws: ``InterchangeError/cannotOpen(path:reason:)``,
  ///   ``InterchangeError/tooLarge(path:what:limit:found:)`` or
  ///   ``InterchangeError/truncated(path:expected:found:)`` where the file shrinks while it is
  ///   read.
  public static func read(_ path: String, limit: Int) throws -> [UInt8] {
    // Without O_NONBLOCK, opening a pipe would wait for its other end before it could be refused.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw InterchangeError.cannotOpen(path: path, reason: systemReason(errno))
    }
    defer { close(descriptor) }

    let size = try regularSize(descriptor, path: path)
    guard size <= limit else {
      throw InterchangeError.tooLarge(
        path: path, what: "file size in bytes", limit: limit, found: size)
    }
    // Making an empty array in this way writes to storage that all threads share.
    guard size > 0 else { return [] }
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      while filled < size {
        let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled..<size])
        let step = Foundation.read(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
        if step > 0 {
          filled += step
        } else if step == 0 {
          return
        } else if errno != EINTR {
          failure = errno
          return
        }
      }
    }
    guard failure == 0 else {
      throw InterchangeError.cannotOpen(path: path, reason: systemReason(failure))
    }
    guard bytes.count == size else {
      throw InterchangeError.truncated(path: path, expected: size, found: bytes.count)
    }
    return bytes
  }

  private static func regularSize(
    _ descriptor: Int32, path: String
  ) throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw InterchangeError.cannotOpen(path: path, reason: systemReason(errno))
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int(status.st_size)
    case S_IFDIR: throw InterchangeError.cannotOpen(path: path, reason: "it is a directory")
    default: throw InterchangeError.cannotOpen(path: path, reason: "it is not a regular file")
    }
  }
}

/// The system's words for an error number.
package func systemReason(_ number: Int32) -> String { String(cString: strerror(number)) }
