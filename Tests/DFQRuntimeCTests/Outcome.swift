import CDynaDFQ
import DynaDFQ

/// What `dynadfq_predict` left: a status, a message, and results.
struct Outcome: Equatable {
  var status = DYNADFQ_OK
  var message = ""
  var logits: [Float]
  var classIndices: [Int32]
  var passes: [Int32]
  var bits: [UInt8]

  /// Calls `dynadfq_predict` for images of the tests' models.
  init(_ network: OpaquePointer, pixels: [UInt8]) {
    let count = pixels.count / Model.imageSize
    logits = [Float](repeating: -1, count: count * Int(dynadfq_class_count(network)))
    classIndices = [Int32](repeating: -1, count: count)
    passes = classIndices
    bits = [UInt8](repeating: 255, count: count * Int(dynadfq_output_count(network)))
    var text = [CChar](repeating: 1, count: 300)
    logits.withUnsafeMutableBufferPointer { logits in
      classIndices.withUnsafeMutableBufferPointer { classIndices in
        passes.withUnsafeMutableBufferPointer { passes in
          bits.withUnsafeMutableBufferPointer { bits in
            var results = dynadfq_results(
              logits: logits.baseAddress, class_indices: classIndices.baseAddress,
              passes: passes.baseAddress, bits: bits.baseAddress)
            status = dynadfq_predict(
              network, pixels, pixels.count, Int64(count), &results, &text, text.count)
          }
        }
      }
    }
    message = Outcome.text(text)
  }

  /// What Swift's predictions say.
  init(_ predictions: Predictions) {
    logits = predictions.logits
    classIndices = predictions.classIndices.map { Int32($0) }
    passes = predictions.passes.map { Int32($0) }
    bits = predictions.bits
  }

  /// The text before the first zero byte.
  static func text(_ bytes: [CChar]) -> String {
    String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
