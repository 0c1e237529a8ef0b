import DFQFiles
import DFQGraph
import DFQONNX
import DFQTensor

/// One input of libFuzzer: it is read as an ONNX file and, where it is accepted and small, executed.
///
/// Only errors of the documented types may come out.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  for layout in ONNXImport.Layout.allCases {
    do {
      try Execution.run(Reading.network(bytes, layout))
    } catch is ONNXError {
    } catch is NetworkError {
    } catch is InterchangeError {
    } catch {
      fatalError("an error of another type: \(error)")
    }
  }
  return 0
}
