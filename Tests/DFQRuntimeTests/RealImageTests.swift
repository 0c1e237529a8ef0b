import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Integer networks against students on all real test images at hand.
@Suite struct RealImageTests {
  private static let context = ExecutionContext(threads: 2)

  /// A student whose ranges come from noise; its predictions need not be good.
  private func student(
    _ network: Network, _ quantizer: Quantizer, selector: BitSelector = .init(.perLayer)
  ) throws -> QuantizedNetwork {
    var student = try QuantizedNetwork(network: network, quantizer: quantizer, selector: selector)
    var stream = RandomStream(seed: 1, "noise")
    try student.calibrate(
      batches: [stream.tensor(Shape([32] + network.imageShape.dimensions))],
      context: RealImageTests.context)
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = 0.1 * stream.normal()
    }
    return student
  }

  private func expectEqual(_ student: QuantizedNetwork, on images: any RealImages) throws {
    let expected = try StudentEvaluator(student, context: RealImageTests.context).run(
      images, policy: .selector)
    let network = try IntegerNetwork(student, context: RealImageTests.context)
    let predictor = Predictor(network)
    var predictions = Predictions()
    let classes = network.classCount
    var (differences, far) = (0, Float(0))
    for start in stride(from: 0, to: images.count, by: 500) {
      let range = start..<min(start + 500, images.count)
      let pixels = try range.flatMap { try images.image(at: $0).pixels }
      try pixels.withUnsafeBufferPointer {
        try predictor.predict(pixels: $0, count: range.count, into: &predictions)
      }
      for (place, image) in range.enumerated() {
        differences += predictions.classIndices[place] == expected.predictions[image] ? 0 : 1
        differences += predictions[place].bits == expected.bits[image] ? 0 : 1
        for index in 0..<classes {
          let own = expected.logits[image * classes + index]
          let distance = abs(predictions.logits[place * classes + index] - own)
          far = max(far, distance / max(abs(own), 1))
        }
      }
    }
    #expect(differences == 0)
    // Nothing but the linear layer of a fully quantized network may differ, by the student's rounding.
    #expect(far <= (student.quantizer.fullyQuantized ? 1e-5 : 0))
  }

  private static let hasFashion = (try? FashionMNIST(.test)) != nil

  @Test(.enabled(if: hasFashion, "the package dataset-fashion-mnist is not installed"))
  func tenThousandOfFashionMNIST() throws {
    let images = try FashionMNIST(.test)
    let network = try Network.pretrained(.resNet20FashionMNIST)
    try expectEqual(
      student(network, Quantizer(weightBits: 4, activationBits: [4])), on: images)
    try expectEqual(
      student(network, Quantizer(weightBits: 4, activationBits: [2, 4, 8])), on: images)
    try expectEqual(
      student(network, Quantizer(weightBits: 8, activationBits: [8], fullyQuantized: true)),
      on: images)
  }

  @Test(.enabled(if: Shared.has(Shared.cifarTestName), "../shared is absent"))
  func aThousandOfCIFAR() throws {
    let images = try Shared.cifarTest()
    let network = try Goldens.resNet20()
    for bits in [3, 5, 8] {
      try expectEqual(
        student(network, Quantizer(weightBits: bits, activationBits: [bits])), on: images)
    }
    for selector in [BitSelector(.perImage), BitSelector(LayerInputSelector(positions: 2))] {
      try expectEqual(
        student(
          network, Quantizer(weightBits: 4, activationBits: [3, 4, 5]), selector: selector),
        on: images)
    }
  }
}
