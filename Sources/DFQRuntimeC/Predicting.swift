// The names are those of dynadfq.h.
// swift-format-ignore-file: AlwaysUseLowerCamelCase
public import CDynaDFQ
import DFQRuntime

/// Classifies images.
@c @implementation
public func dynadfq_predict(
  _ network: OpaquePointer?, _ pixels: UnsafePointer<UInt8>?, _ size: Int, _ count: Int64,
  _ results: UnsafePointer<dynadfq_results>?, _ message: UnsafeMutablePointer<CChar>?,
  _ messageSize: Int
) -> dynadfq_status {
  let message = Message(message, size: messageSize)
  guard let handle = NetworkHandle.at(network) else {
    return message.badArgument("a network", "NULL")
  }
  guard let pixels else { return message.badArgument("pixels", "NULL") }
  guard count > 0, let count = Int(exactly: count) else {
    return message.badArgument("1 image or more", "\(count)")
  }
  let (expected, overflow) = count.multipliedReportingOverflow(by: handle.imageSize)
  guard !overflow, size == expected else {
    return message.badArgument(
      "\(count) images of \(handle.imageSize) bytes", "\(UInt(bitPattern: size)) bytes")
  }
  do {
    try handle.withSession { session in
      session.predictor.reset()
      for start in stride(from: 0, to: count, by: handle.part) {
        let part = min(handle.part, count - start)
        try session.predictor.predict(
          pixels: UnsafeBufferPointer(
            start: pixels + start * handle.imageSize, count: part * handle.imageSize),
          count: part, into: &session.predictions)
        if let results { session.predictions.write(to: results.pointee, image: start) }
      }
    }
    return DYNADFQ_OK
  } catch {
    message.write("\(error)")
    return DYNADFQ_BAD_ARGUMENT
  }
}

extension Predictions {
  /// Copies a part of a call's results to the caller's memory, from an image on.
  func write(to results: dynadfq_results, image first: Int) {
    func copy<Element>(_ list: [Element], to target: UnsafeMutablePointer<Element>?, _ width: Int) {
      guard let target else { return }
      list.withUnsafeBufferPointer {
        guard let start = $0.baseAddress else { return }
        (target + first * width).update(from: start, count: $0.count)
      }
    }
    copy(logits, to: results.logits, classCount)
    copy(bits, to: results.bits, outputCount)
    for image in 0..<count {
      results.class_indices?[first + image] = Int32(classIndices[image])
      results.passes?[first + image] = Int32(passes[image])
    }
  }
}
