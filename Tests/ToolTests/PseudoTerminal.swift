import Foundation
import Synchronization

/// A terminal of some columns for a process, whose output is read as it comes.
final class PseudoTerminal: Sendable {
  /// The end that the process writes to.
  let follower: FileHandle
  private let shown = Mutex<[UInt8]>([])
  private let ended = DispatchSemaphore(value: 0)

  init?(columns: UInt16) {
    // Linux's numbers: TIOCSPTLCK unlocks the other end, TIOCGPTN tells its name, TIOCSWINSZ its size.
    let leader = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var lock: Int32 = 0
    var number: UInt32 = 0
    guard leader >= 0, ioctl(leader, 0x4004_5431, &lock) == 0,
      ioctl(leader, 0x8004_5430, &number) == 0
    else { return nil }
    let descriptor = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    var size = winsize()
    (size.ws_col, size.ws_row) = (columns, 24)
    guard descriptor >= 0, ioctl(descriptor, 0x5414, &size) == 0 else { return nil }
    follower = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    Thread.detachNewThread { [self] in
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(leader, &buffer, buffer.count)
        if count <= 0 { break }
        shown.withLock { $0 += buffer[..<count] }
      }
      close(leader)
      ended.signal()
    }
  }

  /// Closes the process's end and returns all that was written.
  func finish() -> String {
    try? follower.close()
    ended.wait()
    return String(decoding: shown.withLock { $0 }, as: UTF8.self)
  }
}
