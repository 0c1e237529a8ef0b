internal import Foundation

/// Divides pieces of work among processes that share a directory, on one machine or on several.
///
/// A process claims a piece before it works on it. A claim is a lock of the operating system, which ends with its process however
/// that ends: the work of a process that was killed is free at once, and no clocks are compared. The directory must be on a
/// file system with locks (`flock`); network file systems have them where they are mounted so.
///
/// A ledger says only who works on what. Whoever has claimed a piece looks first whether its result is there.
public struct WorkLedger: Sendable {
  /// The directory; it is made with the first claim.
  public let directory: String

  /// Makes a ledger in a directory.
  public init(directory: String) { self.directory = directory }

  /// The right to work on a piece, until it is released or its process ends.
  public final class Claim: Sendable {
    private let path: String
    private let descriptor: Int32

    fileprivate init(path: String, descriptor: Int32) {
      self.path = path
      self.descriptor = descriptor
    }

    deinit {
      // The name goes first: whoever opens it from now on makes a file of its own.
      unlink(path)
      close(descriptor)
    }
  }

  /// Claims a piece of work.
  ///
  /// - Parameter name: The name of the piece, a file's name without slashes.
  /// - Returns: The claim, which holds as long as the object lives; nil where somebody else has it.
  /// - Throws: ``InterchangeError/cannotWrite(path:reason:)``, also for a file system without locks.
  public func claim(_ name: String) throws -> Claim? {
    // Where this fails, the opening below fails too and names the path.
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let path = "\(directory)/\(name).claim"
    func fail() -> InterchangeError {
      .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw fail() }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let error = fail()
        let isTaken = errno == EWOULDBLOCK
        close(descriptor)
        if isTaken { return nil }
        throw error
      }
      // Between the two calls the last holder may have removed the name.
      var (own, named) = (stat(), stat())
      if fstat(descriptor, &own) == 0, stat(path, &named) == 0, own.st_ino == named.st_ino,
        own.st_dev == named.st_dev
      {
        return Claim(path: path, descriptor: descriptor)
      }
      close(descriptor)
    }
  }
}
