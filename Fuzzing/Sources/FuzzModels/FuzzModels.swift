import DFQFiles
import DFQRuntime
import DFQTensor

/// One input of libFuzzer: it is read as a model and, where it is accepted, executed.
///
/// Only errors of the documented types may come out.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do {
    if let compact = CompactModel(bytes) {
      try Execution(options: compact.options).run { try compact.network($0) }
    } else {
      try Execution(options: 0).run { try IntegerNetwork(decoding: bytes, context: $0) }
    }
  } catch is RuntimeError {
  } catch is InterchangeError {
  } catch {
    fatalError("an error of another type: \(error)")
  }
  return 0
}
