/// Connects the processes that compute one batch together.
///
/// Each process computes some of a batch's images, which belong to logical shards, and then obtains
/// from the others what it did not compute itself. All sums over images are taken by every process in
/// the order of the shards, so the results are the same bits for any number of processes.
///
/// ``SingleProcess``, the default of every ``ExecutionContext``, has nobody to exchange with. A
/// communicator for several machines is a type of its own in a module of its own: it needs
/// ``gather(_:parts:)`` and nothing else. All processes must make the same calls in the same order:
/// they must run the same program on the same batches.
public protocol Communicator: Sendable {
  /// The number of this process, in 0..<``processes``.
  var rank: Int { get }

  /// The number of processes.
  var processes: Int { get }

  /// Completes memory that is divided among the processes.
  ///
  /// Process r has written the bytes `parts[r]` of `memory`; on return every process has the bytes of
  /// all parts. Parts do not overlap and may be empty. One thread of each process calls it at a time.
  ///
  /// - Throws: Any error of the transport. The pass that needs the bytes then ends with this error.
  func gather(_ memory: UnsafeMutableRawBufferPointer, parts: [Range<Int>]) throws
}

/// The communicator of a process that computes whole batches.
public struct SingleProcess: Communicator {
  /// Makes one.
  public init() {}
  /// 0.
  public var rank: Int { 0 }
  /// 1.
  public var processes: Int { 1 }
  /// Returns at once: there are no other processes.
  public func gather(_ memory: UnsafeMutableRawBufferPointer, parts: [Range<Int>]) {}
}
