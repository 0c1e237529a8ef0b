import DFQFiles
import Foundation

/// The right to write to a store, alone or together with others; it ends with the value or the process.
final class StoreLock {
  private let descriptor: Int32

  /// Looks that processes which share a store take before they give up: the first of them is alone for a moment.
  private static let looks = 50
  /// Microseconds between two looks.
  private static let pause: UInt32 = 100_000

  /// Takes the right; whoever is the first removes what killed processes left.
  ///
  /// - Throws: ``StoreError/inUse(path:)``, `InterchangeError`.
  init(_ store: Store, isShared: Bool) throws {
    let path = store.path + "/.lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw InterchangeError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    for look in 1...StoreLock.looks {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        store.removeTemporaries()
        if isShared { flock(descriptor, LOCK_SH) }
        return
      }
      guard isShared, look < StoreLock.looks else { break }
      if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return }
      usleep(StoreLock.pause)
    }
    close(descriptor)
    throw StoreError.inUse(path: store.path)
  }

  deinit { close(descriptor) }
}
