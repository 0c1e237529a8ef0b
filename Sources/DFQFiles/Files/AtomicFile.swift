internal import Foundation

/// Writing of whole files so that a reader sees the old contents or the new ones, never a part.
public enum AtomicFile {
  /// Writes bytes to a file, replacing one that is there.
  ///
  /// The bytes go to a temporary file in the same directory, reach the disk (fsync) and only then
  /// take the file's name. On an error the temporary file is removed and an existing file stays as
  /// it was. A symbolic link stays a link: the file that it points to is replaced. Devices, pipes
  /// and directories are refused, because a rename would put a plain file in their place.
  /// - Throws: ``InterchangeError/cannotWrite(path:reason:)``.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try write(bytes, to: path) { Foundation.write($0, $1, $2) }
  }

  /// Writes text as UTF-8; see ``write(_:to:)-([UInt8],_)``.
  public static func write(_ text: String, to path: String) throws {
    try write(Array(text.utf8), to: path)
  }

  /// Checks that a file could be written to a path, before work whose result is to go there.
  ///
  /// The directory must exist and permit writing, and nothing but a regular file may be in the
  /// file's place. A disk that fills up later is not foreseen.
  /// - Throws: ``InterchangeError/cannotWrite(path:reason:)``.
  public static func check(_ path: String) throws {
    let directory = directory(of: try resolved(path))
    var status = stat()
    guard stat(directory, &status) == 0 else {
      let reason = errno == ENOENT ? "there is no directory \(directory)" : systemReason(errno)
      throw InterchangeError.cannotWrite(path: path, reason: reason)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw InterchangeError.cannotWrite(path: path, reason: "\(directory) is no directory")
    }
    guard access(directory, W_OK | X_OK) == 0 else {
      throw InterchangeError.cannotWrite(path: path, reason: systemReason(errno))
    }
  }

  /// The same with another function for the system's `write`, so that tests can let the disk be
  /// full.
  package static func write(
    _ bytes: [UInt8], to path: String,
    using writer: (Int32, UnsafeRawPointer?, Int) -> Int
  ) throws {
    let target = try resolved(path)
    let directory = directory(of: target)
    // The file's own name is not part of the temporary one: together they could pass the system's
    // length limit.
    let name = ".dynadfq-" + String(UInt64.random(in: .min ... .max), radix: 16) + ".tmp"
    let temporary = directory + "/" + name

    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw InterchangeError.cannotWrite(path: path, reason: systemReason(errno))
    }
    var failure = writeAll(bytes, descriptor: descriptor, using: writer)
    if failure == 0, fsync(descriptor) != 0 { failure = errno }
    if close(descriptor) != 0, failure == 0 { failure = errno }
    if failure == 0, rename(temporary, target) != 0 { failure = errno }
    guard failure == 0 else {
      unlink(temporary)
      throw InterchangeError.cannotWrite(path: path, reason: systemReason(failure))
    }
    syncDirectory(directory)
  }

  private static func writeAll(
    _ bytes: [UInt8], descriptor: Int32, using writer: (Int32, UnsafeRawPointer?, Int) -> Int
  ) -> Int32 {
    bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
        let step = writer(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
        if step >= 0 {
          written += step
        } else if errno != EINTR {
          return errno
        }
      }
      return 0
    }
  }

  /// The path behind symbolic links; the path itself where there is nothing yet.
  private static func resolved(_ path: String) throws -> String {
    guard !path.isEmpty, !path.hasSuffix("/") else {
      throw InterchangeError.cannotWrite(path: path, reason: "the path names no file")
    }
    var status = stat()
    guard stat(path, &status) == 0 else {
      // A name that is too long, or a file where a directory should be, does not go away.
      guard errno == ENOENT else {
        throw InterchangeError.cannotWrite(path: path, reason: systemReason(errno))
      }
      return path
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw InterchangeError.cannotWrite(
        path: path, reason: "something else than a regular file is in its place")
    }
    guard let real = realpath(path, nil) else {
      throw InterchangeError.cannotWrite(path: path, reason: systemReason(errno))
    }
    defer { free(real) }
    return String(cString: real)
  }

  /// The directory that holds a file: what stands before the path's last slash, `.` without one.
  ///
  /// Foundation's path functions trap on some paths of one character.
  package static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes the rename itself durable; without effect where the file system does not offer it.
  private static func syncDirectory(_ directory: String) {
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
