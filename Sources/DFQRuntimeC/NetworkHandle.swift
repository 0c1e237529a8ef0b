import DFQRuntime
import DFQTensor
import Synchronization

/// What a `dynadfq_network` of the C interface points to.
///
/// The caller owns one reference, from ``make(_:)`` to ``close(_:)``.
final class NetworkHandle: Sendable {
  let network: IntegerNetwork
  let imageSize: Int
  let outputCount: Int
  let classNames: CStrings
  let outputNames: CStrings
  /// The number of images that are computed together, so that memory does not grow with a call.
  let part: Int
  /// Sessions of calls that have ended.
  private let idle: Mutex<[PredictionSession]>

  private init(_ network: IntegerNetwork) {
    self.network = network
    imageSize = network.imageShape.count
    outputCount = network.model.levels.map(\.points.count).max() ?? 0
    classNames = CStrings(network.classNames)
    outputNames = CStrings(network.quantizedOutputs)
    part =
      switch network.model.rule {
      case .threshold, .streaming: NetworkHandle.imagesAtOnce
      // Batches that are ranked must not be divided.
      case .ranked(let batch): max(NetworkHandle.imagesAtOnce / batch, 1) * batch
      }
    idle = Mutex([PredictionSession(network)])
  }

  private static let imagesAtOnce = 256

  /// Lends a session that no other call uses.
  func withSession<Result>(_ body: (PredictionSession) throws -> Result) rethrows -> Result {
    let session = idle.withLock { $0.popLast() } ?? PredictionSession(network)
    defer { idle.withLock { $0.append(session) } }
    return try body(session)
  }

  // MARK: - As a pointer

  /// A pointer that keeps a new handle alive.
  static func make(_ network: IntegerNetwork) -> OpaquePointer {
    OpaquePointer(Unmanaged.passRetained(NetworkHandle(network)).toOpaque())
  }

  /// The handle that a pointer of a caller stands for.
  static func at(_ pointer: OpaquePointer?) -> NetworkHandle? {
    pointer.map {
      Unmanaged<NetworkHandle>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue()
    }
  }

  /// Gives up the reference of the caller.
  static func close(_ pointer: OpaquePointer?) {
    guard let pointer else { return }
    Unmanaged<NetworkHandle>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }
}

/// The memory of one call at a time: that of the network, and that of its results.
///
/// A session is used by one call only, which takes it out of its handle.
final class PredictionSession: @unchecked Sendable {
  let predictor: Predictor
  var predictions = Predictions()

  init(_ network: IntegerNetwork) { predictor = Predictor(network) }
}
