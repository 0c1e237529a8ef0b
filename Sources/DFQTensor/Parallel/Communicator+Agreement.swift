/// What processes that compute together disagree about.
public enum CommunicatorError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Processes run with other versions, settings or data than the first; their ranks.
  case disagreement(about: String, ranks: [Int])

  /// One line that names the processes.
  public var description: String {
    switch self {
    case .disagreement(let what, let ranks):
      "processes that compute together must have the same \(what): "
        + "expected what process 0 has, found another in process "
        + ranks.map(String.init).joined(separator: ", ")
    }
  }
}

extension Communicator {
  /// Checks that all processes hold the same text, such as their version and settings.
  ///
  /// Sums of processes that differ would be the sums of neither. All processes must call it; all of them throw, or none does.
  ///
  /// - Parameters:
  ///   - text: What must be equal.
  ///   - what: What it is, for the error.
  /// - Throws: ``CommunicatorError/disagreement(about:ranks:)``; what the transport throws.
  public func demandAgreement(on text: String, about what: String) throws {
    guard processes > 1 else { return }
    // FNV-1a (Fowler, Noll and Vo) tells texts apart; nobody forges them here.
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    var digests = [UInt64](repeating: 0, count: processes)
    digests[rank] = digest
    let size = MemoryLayout<UInt64>.stride
    try digests.withUnsafeMutableBytes {
      try gather($0, parts: (0..<processes).map { $0 * size..<($0 + 1) * size })
    }
    let others = digests.indices.filter { digests[$0] != digests[0] }
    guard others.isEmpty else {
      throw CommunicatorError.disagreement(about: what, ranks: others)
    }
  }
}
