import CDynaDFQ
import DFQTestSupport
import DynaDFQ
import Testing

/// No argument of the C interface may end the process.
@Suite struct ArgumentTests {
  @Test func noNetwork() {
    dynadfq_close(nil)
    #expect(dynadfq_image_height(nil) == 0)
    #expect(dynadfq_image_width(nil) == 0)
    #expect(dynadfq_image_channels(nil) == 0)
    #expect(dynadfq_class_count(nil) == 0)
    #expect(dynadfq_class_name(nil, 0) == nil)
    #expect(dynadfq_output_count(nil) == 0)
    #expect(dynadfq_output_name(nil, 0) == nil)
    let pixels = Model.pixels(count: 1)
    #expect(dynadfq_predict(nil, pixels, pixels.count, 1, nil, nil, 0) == DYNADFQ_BAD_ARGUMENT)
  }

  @Test func indices() throws {
    try Model.dynamic.withNetwork { network in
      for index in [-1, 4, 1000, Int32.min, Int32.max] {
        #expect(dynadfq_class_name(network, index) == nil)
        #expect(dynadfq_output_name(network, index == 4 ? 10_000 : index) == nil)
      }
    }
  }

  /// Calls that cannot be, and what the message must name.
  @Test func predict() throws {
    let pixels = Model.pixels(count: 2)
    try Model.dynamic.withNetwork { network in
      let calls: [(pixels: [UInt8]?, size: Int, count: Int64, named: String)] = [
        (nil, pixels.count, 2, "NULL"),
        (pixels, pixels.count, 0, "found 0"),
        (pixels, 0, 0, "found 0"),
        (pixels, pixels.count, -1, "found -1"),
        (pixels, pixels.count, .min, "\(Int64.min)"),
        (pixels, pixels.count, 1, "864 bytes"),
        (pixels, pixels.count, 3, "3 images of 432 bytes"),
        (pixels, pixels.count, .max, "864 bytes"),
        (pixels, pixels.count, 1 << 60, "864 bytes"),
        (pixels, pixels.count - 1, 2, "863 bytes"),
        // A size_t beyond Int.max.
        (pixels, -1, 2, "\(UInt.max) bytes"),
      ]
      for call in calls {
        var classes: [Int32] = [7, 7]
        var text = [CChar](repeating: 1, count: 200)
        classes.withUnsafeMutableBufferPointer {
          var results = dynadfq_results(
            logits: nil, class_indices: $0.baseAddress, passes: nil, bits: nil)
          let status = dynadfq_predict(
            network, call.pixels, call.size, call.count, &results, &text, text.count)
          #expect(status == DYNADFQ_BAD_ARGUMENT)
          let silent = dynadfq_predict(
            network, call.pixels, call.size, call.count, &results, nil, 100)
          #expect(silent == DYNADFQ_BAD_ARGUMENT)
        }
        #expect(classes == [7, 7])
        let message = Outcome.text(text)
        #expect(message.contains(call.named), "\(message)")
      }
    }
  }

  @Test func open() throws {
    try withTemporaryDirectory { directory in
      let good = directory + "/model.dfq"
      try AtomicFile.write(Model.dynamic.bytes, to: good)
      try AtomicFile.write(Array(Model.dynamic.bytes.dropLast(9)), to: directory + "/short.dfq")
      try AtomicFile.write([], to: directory + "/empty.dfq")
      var broken = SafetensorsFile(metadata: [:])
      broken.add("x", Tensor(shape: [1], elements: [0]))
      try broken.write(to: directory + "/other.safetensors")

      func status(_ path: String?, threads: Int32 = 1) -> (dynadfq_status, String) {
        var network: OpaquePointer? = OpaquePointer(bitPattern: 8)
        var text = [CChar](repeating: 1, count: 300)
        let status = dynadfq_open(path, threads, &network, &text, text.count)
        #expect((network != nil) == (status == DYNADFQ_OK))
        dynadfq_close(network)
        #expect(dynadfq_open(path, threads, nil, nil, 0) == DYNADFQ_BAD_ARGUMENT)
        return (status, Outcome.text(text))
      }
      #expect(status(good) == (DYNADFQ_OK, ""))
      #expect(status(good, threads: .max) == (DYNADFQ_OK, ""))
      #expect(status(good, threads: -1).0 == DYNADFQ_BAD_ARGUMENT)
      #expect(status(good, threads: .min).0 == DYNADFQ_BAD_ARGUMENT)
      #expect(status(nil).0 == DYNADFQ_BAD_ARGUMENT)
      for missing in ["", directory, directory + "/none.dfq", "/dev/zero"] {
        let (status, message) = status(missing)
        #expect(status == DYNADFQ_CANNOT_READ, "\(message)")
        #expect(message.contains("cannot be read"))
      }
      for bad in ["short.dfq", "empty.dfq", "other.safetensors"] {
        let (status, message) = status("\(directory)/\(bad)")
        #expect(status == DYNADFQ_BAD_MODEL)
        #expect(message.contains(bad), "\(message)")
      }
      let invalid: [CChar] = [-1, -2, 0]
      var network: OpaquePointer?
      #expect(dynadfq_open(invalid, 1, &network, nil, 0) == DYNADFQ_BAD_ARGUMENT)
    }
  }

  /// A message is cut between characters and always ends with a zero byte.
  @Test func shortMessages() throws {
    let path = "/f\u{fc}nf \u{1F600}/\u{4E94}"
    var whole = [CChar](repeating: 1, count: 300)
    var network: OpaquePointer?
    #expect(dynadfq_open(path, 1, &network, &whole, whole.count) == DYNADFQ_CANNOT_READ)
    let expected = Outcome.text(whole)
    #expect(expected.hasPrefix(path))
    for size in 0..<expected.utf8.count + 3 {
      var text = [CChar](repeating: 77, count: size + 8)
      #expect(dynadfq_open(path, 1, &network, &text, size) == DYNADFQ_CANNOT_READ)
      #expect(text[size...].allSatisfy { $0 == 77 })
      guard size > 0 else { continue }
      #expect(text[..<size].contains(0))
      let found = Outcome.text(text)
      #expect(expected.unicodeScalars.starts(with: found.unicodeScalars))
      #expect(found.utf8.count > size - 5 || found == expected)
    }
    var text = [CChar](repeating: 77, count: 8)
    #expect(dynadfq_open(path, 1, &network, &text, -1) == DYNADFQ_CANNOT_READ)
    #expect(text == [CChar](repeating: 77, count: 8))
  }
}
