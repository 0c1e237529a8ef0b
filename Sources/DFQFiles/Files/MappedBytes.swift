internal import Foundation

/// Bytes that are zero at first, in memory or in a file without a name that is mapped into it.
package final class MappedBytes: @unchecked Sendable {
  /// The first byte.
  package let start: UnsafeMutableRawPointer
  private let count: Int

  /// Makes bytes in memory, or in a file in a directory.
  ///
  /// All of the file's space is taken at once: a full disk is an error here and not a signal later.
  ///
  /// - Throws: ``InterchangeError/cannotWrite(path:reason:)``.
  package init(count: Int, directory: String?) throws {
    self.count = max(count, 1)
    let flags = directory == nil ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED
    let descriptor = try directory.map { try MappedBytes.file($0, count: max(count, 1)) } ?? -1
    let pages = mmap(nil, self.count, PROT_READ | PROT_WRITE, flags, descriptor, 0)
    let failure = errno
    if descriptor >= 0 { close(descriptor) }
    guard let pages, pages != MAP_FAILED else {
      throw InterchangeError.cannotWrite(
        path: directory ?? "memory",
        reason: "\(count) bytes: " + String(cString: strerror(failure)))
    }
    start = pages
  }

  deinit { munmap(start, count) }

  private static func file(_ directory: String, count: Int) throws -> Int32 {
    let name = ".dynadfq-" + String(UInt64.random(in: .min ... .max), radix: 16) + ".tmp"
    let path = directory + "/" + name
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw InterchangeError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    unlink(path)
    #if os(Linux)
      let failure = posix_fallocate(descriptor, 0, off_t(count))
    #else
      let failure = ftruncate(descriptor, off_t(count)) == 0 ? 0 : errno
    #endif
    guard failure == 0 else {
      close(descriptor)
      throw InterchangeError.cannotWrite(
        path: directory, reason: "\(count) bytes: " + String(cString: strerror(failure)))
    }
    return descriptor
  }
}
