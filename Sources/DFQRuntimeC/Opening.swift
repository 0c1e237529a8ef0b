// The names are those of dynadfq.h.
// swift-format-ignore-file: AlwaysUseLowerCamelCase
public import CDynaDFQ
import DFQFiles
import DFQRuntime
import DFQTensor

/// Opens a network.
@c @implementation
public func dynadfq_open(
  _ path: UnsafePointer<CChar>?, _ threads: Int32,
  _ network: UnsafeMutablePointer<OpaquePointer?>?, _ message: UnsafeMutablePointer<CChar>?,
  _ messageSize: Int
) -> dynadfq_status {
  let message = Message(message, size: messageSize)
  guard let network else { return message.badArgument("a place for the network", "NULL") }
  network.pointee = nil
  guard let path else { return message.badArgument("a path", "NULL") }
  guard let path = String(validatingCString: path) else {
    return message.badArgument("a path in UTF-8", "other bytes")
  }
  guard threads >= 0 else {
    return message.badArgument("0 threads (all processors) or more", "\(threads)")
  }
  do {
    let context = threads == 0 ? .default : ExecutionContext(threads: Int(threads))
    network.pointee = NetworkHandle.make(try IntegerNetwork(contentsOf: path, context: context))
    return DYNADFQ_OK
  } catch {
    message.write("\(error)")
    if case InterchangeError.cannotOpen = error { return DYNADFQ_CANNOT_READ }
    return DYNADFQ_BAD_MODEL
  }
}

/// Closes a network.
@c @implementation
public func dynadfq_close(_ network: OpaquePointer?) { NetworkHandle.close(network) }

extension Message {
  /// Says what an argument should have been.
  func badArgument(_ expected: String, _ found: String) -> dynadfq_status {
    write("\(expected) expected, found \(found)")
    return DYNADFQ_BAD_ARGUMENT
  }
}
