import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// The student: cost, integers, files, choices of each image, gradients.
@Suite struct StudentTests {
  static let context = ExecutionContext(threads: 2)

  /// A small calibrated student with a selector that does not treat all images alike.
  static func student(
    selector: BitSelector = .init(.perLayer), quantizer: Quantizer? = nil
  ) throws -> (QuantizedNetwork, Tensor) {
    let network = try Architecture(
      .cifarResNet(depth: 8, projection: false), imageShape: [12, 12, 3], classCount: 4
    ).network(seed: 6)
    var stream = RandomStream(seed: 9, "images")
    let images = stream.tensor([13, 12, 12, 3])
    var student = try QuantizedNetwork(
      network: network,
      quantizer: quantizer ?? Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
      selector: selector, seed: 1)
    try student.calibrate(batches: [images], context: context)
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = 0.7 * stream.normal()
    }
    return (student, images)
  }

  @Test func bitOPsOfResNet20() throws {
    let network = try Architecture(name: "resnet20-cifar").network(seed: 0)
    for (bits, published) in [(4, 0.649e9), (3, 0.365e9)] {
      let student = try QuantizedNetwork(
        network: network, quantizer: Quantizer(weightBits: bits, activationBits: [bits]),
        selector: nil, seed: 0)
      let all = student.placement.points.map { $0.bits[0] }
      // The published tables of GDFQ (Xu et al. 2020) and its successors, in their convention.
      #expect(abs(student.costModel.familyCost(all) / published - 1) < 0.002)
      // Ours counts the image and the pooled feature as 32 bits: 442,368 + 640 MACs of them.
      let hidden = Double((442_368 + 640) * bits * (32 - bits))
      #expect(student.costModel.cost(all) == student.costModel.familyCost(all) + hidden)
    }
    let dynamic = try QuantizedNetwork(
      network: network, quantizer: Quantizer(weightBits: 3, activationBits: [2, 3, 4]),
      selector: .init(.perLayer), seed: 0)
    #expect(dynamic.selectorBitOPs < 0.01 * dynamic.bitOPs(activationBits: 3))
  }

  @Test func fullyQuantizedHidesNothing() throws {
    let network = try Architecture(name: "mobilenetv2").network(seed: 0)
    let quantizer = Quantizer(weightBits: 4, activationBits: [4], fullyQuantized: true)
    let placement = try quantizer.placement(in: network.graph)
    #expect(placement.layers.allSatisfy { $0.inputPoint != nil })
    let input = try #require(placement.layers[0].inputPoint)
    #expect(placement.points[input].bits == [8])
    let classifier = try #require(placement.layers.last?.inputPoint)
    #expect(placement.points[classifier].bits == [8])
  }

  @Test(arguments: [BitSelector(.perLayer), BitSelector(.perImage, hidden: 4, point: 1)])
  func batchesMayHoldDifferentChoices(selector: BitSelector) throws {
    let (student, images) = try StudentTests.student(selector: selector)
    for variant in ExecutionVariant.all {
      let together = try student.decisions(ofInputs: images, context: variant.context)
      #expect(Set(together.map(\.bits)).count > 1, "\(variant)")
      for image in 0..<images.rowCount {
        let alone = try student.decisions(
          ofInputs: images.rows(image..<image + 1), context: variant.context)
        #expect(alone[0] == together[image], "\(variant)")
      }
    }
  }

  @Test func weightsMayFollow() throws {
    var quantizer = Quantizer(weightBits: 4, activationBits: [3, 5])
    quantizer.weightsFollowActivations = true
    let (student, images) = try StudentTests.student(quantizer: quantizer)
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("follow-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try student.write(to: path)
    let read = try QuantizedNetwork(contentsOf: path)
    let together = try read.decisions(ofInputs: images, context: StudentTests.context)
    #expect(try together == student.decisions(ofInputs: images, context: StudentTests.context))
    for image in 0..<images.rowCount {
      #expect(
        try student.decisions(
          ofInputs: images.rows(image..<image + 1), context: StudentTests.context)[0]
          == together[image])
    }
    // At 5 bits throughout: the weights' integers are those of 5 bits.
    #expect(try student.integerWeights(of: "layer1.0.conv1", bits: 5).bits == 5)
    let codes = try student.integerWeights(of: "layer1.0.conv1", bits: 3).codes
    #expect(codes.allSatisfy { (-4...3).contains($0) })
  }

  @Test func integersAreTheEffectiveWeights() throws {
    let (student, _) = try StudentTests.student()
    let executor = StudentExecutor(student, context: StudentTests.context)
    let effective = executor.effectiveWeights(student).values
    for layer in student.layers {
      let integers = try student.integerWeights(of: layer.name)
      let entry = try #require(
        student.network.parameters.layout.entry(named: "\(layer.name).weight"))
      // code * scale against code / levelsPerUnit: one rounding each.
      #expect(
        relativeDistance(integers.dequantized.elements, Array(effective[entry.range])) < 1e-6)
    }
  }

  @Test func filesComeBackAsTheyWereAndDamageIsNoticed() throws {
    let (student, images) = try StudentTests.student()
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("student-\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try student.write(to: path)
    let read = try QuantizedNetwork(contentsOf: path)
    #expect(
      try read.decisions(ofInputs: images, context: StudentTests.context)
        == student.decisions(ofInputs: images, context: StudentTests.context))
    let good = try FileContents.read(path, limit: 1 << 30)
    var stream = RandomStream(seed: 4, "damage")
    for _ in 0..<200 {
      var bytes = good
      for _ in 0..<3 { bytes[stream.integer(below: 4000)] = UInt8(stream.integer(below: 256)) }
      try AtomicFile.write(bytes, to: path)
      // Damage may go unnoticed in a weight; it must never trap.
      _ = try? QuantizedNetwork(contentsOf: path)
    }
  }

  @Test func controlsKeepTheirPromises() throws {
    let (student, images) = try StudentTests.student()
    let evaluator = StudentEvaluator(student, context: StudentTests.context)
    let run = try evaluator.run(images, policy: .selector)
    let again = try evaluator.run(images, policy: .table(run.choices))
    #expect(again.predictions == run.predictions)
    // The table's cost is the selector's without the selector.
    #expect(again.averageBitOPs < run.averageBitOPs)
    #expect(
      abs(again.averageBitOPs + student.selectorBitOPs - run.averageBitOPs)
        < 1e-9 * run.averageBitOPs)
  }

  @Test func classifier() throws {
    let (student, images) = try StudentTests.student()
    let classifier = StudentClassifier(student, context: StudentTests.context)
    for bits in [BitPolicy.selector, .fixed(4)] {
      let decisions = try student.decisions(
        ofInputs: images, bits: bits, context: StudentTests.context)
      for _ in 0..<2 {
        let logits = try classifier.logits(ofInputs: images, bits: bits)
        #expect(logits.shape == [13, 4] && logits.elements == decisions.flatMap(\.logits))
      }
      let mean = decisions.reduce(0) { $0 + $1.bitOPs } / 13
      #expect(try classifier.meanBitOPs(ofInputs: images, bits: bits) == mean)
    }
    #expect(throws: NetworkError.self) {
      _ = try classifier.logits(ofInputs: Tensor(shape: [1, 8, 8, 3]))
    }
    #expect(throws: QuantizationError.noImages(what: "a mean cost")) {
      _ = try classifier.meanBitOPs(ofInputs: Tensor(shape: [0, 12, 12, 3]))
    }
  }

  @Test func calibrationTakesInputsOfItsShape() throws {
    var student = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: Quantizer(weightBits: 4, activationBits: [4]))
    #expect(throws: NetworkError.imageShape(expected: [8, 8, 3], found: [12, 12, 3])) {
      try student.calibrate(batches: [Tensor(shape: [2, 12, 12, 3], repeating: 1)])
    }
  }
}
