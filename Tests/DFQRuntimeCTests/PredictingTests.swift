import CDynaDFQ
import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

/// The C interface against the Swift one.
@Suite struct PredictingTests {
  @Test(arguments: Model.all)
  func describes(_ model: Model) throws {
    try model.withNetwork { network in
      #expect(dynadfq_image_height(network) == 12)
      #expect(dynadfq_image_width(network) == 12)
      #expect(dynadfq_image_channels(network) == 3)
      #expect(dynadfq_class_count(network) == 4)
      let names = (0..<4).map { dynadfq_class_name(network, $0).map { String(cString: $0) } }
      let expected = model.network.classNames
      #expect(names == (expected.isEmpty ? [nil, nil, nil, nil] : expected))
      let outputs = model.network.quantizedOutputs
      #expect(Int(dynadfq_output_count(network)) >= outputs.count)
      for (index, name) in outputs.enumerated() {
        let found = try #require(dynadfq_output_name(network, Int32(index)))
        #expect(String(cString: found) == name)
      }
      #expect(dynadfq_output_name(network, Int32(outputs.count)) == nil)
    }
    #expect(dynadfq_api_version() == DYNADFQ_API_VERSION)
    #expect(String(cString: dynadfq_library_version()) == LibraryVersion.current)
  }

  /// A call of more images than are computed at once is what Swift predicts for all of them; rules of a
  /// cascade begin anew with each call.
  @Test(arguments: Model.all)
  func predicts(_ model: Model) throws {
    let pixels = Model.pixels(count: 620)
    let expected = Outcome(
      try pixels.withUnsafeBufferPointer { try model.network.predict(pixels: $0, count: 620) })
    for threads: Int32 in [0, 1, 2, 3] {
      try model.withNetwork(threads: threads) { network in
        for _ in 0..<2 { #expect(Outcome(network, pixels: pixels) == expected) }
      }
    }
    #expect(Set(expected.classIndices).count > 1)
    if model.network.levelCount == 2 {
      #expect(Set(expected.passes) == [1, 2])
      #expect(expected.bits.contains(0))
    } else {
      #expect(Set(expected.bits).isSubset(of: [3, 4, 5]) && Set(expected.bits).count > 1)
    }
  }

  /// Results that are not asked for are not written.
  @Test func someResults() throws {
    try Model.dynamic.withNetwork { network in
      let pixels = Model.pixels(count: 3)
      let all = Outcome(network, pixels: pixels)
      var classes = [Int32](repeating: -1, count: 4)
      classes.withUnsafeMutableBufferPointer {
        var results = dynadfq_results(
          logits: nil, class_indices: $0.baseAddress, passes: nil, bits: nil)
        #expect(dynadfq_predict(network, pixels, pixels.count, 3, &results, nil, 0) == DYNADFQ_OK)
      }
      #expect(classes == all.classIndices + [-1])
      #expect(dynadfq_predict(network, pixels, pixels.count, 3, nil, nil, 0) == DYNADFQ_OK)
    }
  }

  /// Four threads on one network at the same time, each with batches and single images of its own.
  @Test(arguments: [Model.dynamic, .cascade], [1, 2, 4] as [Int32])
  func severalThreads(_ model: Model, threads: Int32) throws {
    let pixels = (0..<4).map { Model.pixels(count: [40, 1, 300, 2][$0], seed: UInt64($0)) }
    try model.withNetwork(threads: threads) { network in
      let expected = pixels.map { Outcome(network, pixels: $0) }
      let wrong = Atomic<Int>(0)
      nonisolated(unsafe) let shared = network
      concurrently(4) { caller in
        for round in 0..<12 {
          let place = (caller + round) % 4
          if Outcome(shared, pixels: pixels[place]) != expected[place] {
            wrong.add(1, ordering: .relaxed)
          }
        }
      }
      #expect(wrong.load(ordering: .relaxed) == 0)
    }
  }
}
