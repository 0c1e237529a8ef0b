import DFQTestSupport
import DynaDFQ
import Testing

/// Networks in fixed point against the same networks with the training executor's arithmetic.
@Suite struct FixedPointTests {
  /// Students without anything in floating point and without decisions inside of a pass.
  static let cases: [StudentCase] = {
    func full(_ weights: Int, _ activations: [Int]) -> Quantizer {
      Quantizer(weightBits: weights, activationBits: activations, fullyQuantized: true)
    }
    var perTensor = full(4, [6])
    perTensor.weights.granularity = .perTensor
    var asymmetric = Quantizer.family(weightBits: 4, activationBits: [6])
    asymmetric.fullyQuantized = true
    var follows = full(4, [3, 4, 5])
    follows.weightsFollowActivations = true
    let cascade = BitSelector(MarginCascade(levels: [3, 5], shares: [0.4]))
    return [
      .init(description: "W4A4", quantizer: full(4, [4])),
      .init(description: "W8A8", quantizer: full(8, [8])),
      .init(description: "one scale", quantizer: perTensor),
      .init(description: "asymmetric", quantizer: asymmetric),
      .init(description: "margin cascade", quantizer: full(4, [3, 4, 5]), selector: cascade),
      .init(description: "projected", quantizer: full(4, [5]), graph: .projected),
      .init(
        description: "projected, margin cascade", quantizer: full(4, [3, 4, 5]), selector: cascade,
        graph: .projected),
      .init(description: "mixed", quantizer: full(5, [6]), graph: .mixed),
      .init(description: "mixed, W8A8", quantizer: full(8, [8]), graph: .mixed),
    ]
  }()

  /// Classes, passes and bits are the same; logits differ by what single codes, one level apart, make of them.
  @Test(arguments: FixedPointTests.cases)
  func agreesWithFloat(_ item: StudentCase) throws {
    let context = ExecutionContext(threads: 1)
    let (student, images) = try item.student(context)
    let float = try IntegerNetwork(student, context: context)
    let fixed = try IntegerNetwork(student, arithmetic: .fixedPoint, context: context)
    #expect(fixed.arithmetic == .fixedPoint)
    let expected = try float.predict(inputs: images)
    let found = try fixed.predict(inputs: images)
    #expect(found.passes == expected.passes)
    #expect(found.bits == expected.bits)
    let size = expected.logits.map(abs).max()!
    let far = largestDifference(found.logits, expected.logits) / size
    let same = zip(found.classIndices, expected.classIndices).filter { $0 == $1 }.count
    let equal = zip(found.logits, expected.logits).filter { abs($0 - $1) <= 1e-5 * size }.count
    print(
      "fixed point, \(item): \(same) of \(images.rowCount) classes, \(equal) of "
        + "\(found.logits.count) logits equal, the others at most \(far) of the largest apart")
    #expect(same == images.rowCount)
    #expect(far <= 0.02)
  }

  /// The same integers with every instruction set and number of threads, one image or many, from a student or a
  /// file.
  @Test(arguments: FixedPointTests.cases)
  func isTheSameEverywhere(_ item: StudentCase) throws {
    let scalar = ExecutionContext(threads: 1, instructionSet: .scalar)
    let (student, images) = try item.student(scalar)
    let network = try IntegerNetwork(student, arithmetic: .fixedPoint, context: scalar)
    let expected = try network.predict(inputs: images)
    for set in InstructionSet.available {
      for threads in [1, 2] {
        let context = ExecutionContext(threads: threads, instructionSet: set)
        let other = try withTemporaryDirectory { directory in
          try network.write(to: directory + "/model.dfq")
          return try IntegerNetwork(
            contentsOf: directory + "/model.dfq", arithmetic: .fixedPoint, context: context)
        }
        #expect(try other.predict(inputs: images) == expected, "\(item) \(set) \(threads)")
        let alone = try other.predict(inputs: images.rows(3..<4))
        #expect(alone[0] == expected[3], "\(item) \(set) \(threads)")
      }
    }
  }

  @Test func cascades() throws {
    let context = ExecutionContext(threads: 2)
    let (low, images) = try FixedPointTests.cases[0].student(context)
    let (high, _) = try FixedPointTests.cases[1].student(context)
    let logits = try IntegerNetwork(low, context: context).predict(inputs: images).logits
    let sorted = MarginCascade.margins(logits, classes: 4).sorted()
    let cascade = try StudentCascade(
      levels: [low, high], thresholds: [(sorted[4] + sorted[5]) / 2], shares: [5.0 / 13])
    let expected = try IntegerNetwork(cascade, context: context).predict(inputs: images)
    let found = try IntegerNetwork(cascade, arithmetic: .fixedPoint, context: context)
      .predict(inputs: images)
    #expect(found.levels == expected.levels)
    #expect(found.classIndices == expected.classIndices)
  }

  @Test func namesTheLayerThatItRefuses() throws {
    let context = ExecutionContext(threads: 1)
    func refusal(_ name: String) throws -> String {
      let item = StudentCase.all.first { $0.description == name }!
      let (student, _) = try item.student(context)
      do {
        _ = try IntegerNetwork(student, arithmetic: .fixedPoint, context: context)
        return ""
      } catch RuntimeError.unsupported(let layer, let what) {
        return "\(layer): \(what)"
      }
    }
    #expect(
      try refusal("W4A4")
        == "image: an input in floating point; fixed point needs full quantization")
    #expect(
      try refusal("projected, image in codes").hasSuffix("a decision about bits in fixed point"))
  }

  /// A student of the bundled network on real images: ranges from 64 training images, no training.
  @Test(
    .enabled(
      if: (try? FashionMNIST(.test)) != nil, "the package dataset-fashion-mnist is not installed"),
    arguments: zip([8, 4], [8, 6]))
  func fiveHundredOfFashionMNIST(weights: Int, activations: Int) throws {
    let context = ExecutionContext(threads: 2)
    let network = try Network.pretrained(.resNet20FashionMNIST)
    var student = try QuantizedNetwork(
      network: network,
      quantizer: Quantizer(
        weightBits: weights, activationBits: [activations], fullyQuantized: true))
    let train = try FashionMNIST(.train)
    let inputs = try (0..<64).flatMap {
      try network.preprocessing.apply(to: train.image(at: $0), shape: network.imageShape).elements
    }
    try student.calibrate(
      batches: [Tensor(shape: Shape([64] + network.imageShape.dimensions), elements: inputs)],
      context: context)
    let test = try FashionMNIST(.test)
    let images = (0..<500).map { test.image(at: $0) }
    let expected = try IntegerNetwork(student, context: context).predict(images)
    let found = try IntegerNetwork(student, arithmetic: .fixedPoint, context: context)
      .predict(images)
    let same = (0..<500).filter { found.classIndices[$0] == expected.classIndices[$0] }.count
    func hits(_ predictions: Predictions) -> Int {
      (0..<500).filter { predictions.classIndices[$0] == test.label(at: $0) }.count
    }
    let equal = zip(found.logits, expected.logits).filter { abs($0 - $1) < 1e-4 }.count
    print(
      "fixed point, Fashion-MNIST W\(weights)A\(activations): \(same) of 500 classes as in float, "
        + "\(hits(found)) right (float \(hits(expected))), \(equal) of 5000 logits equal")
    #expect(same >= 497)
    #expect(abs(hits(found) - hits(expected)) <= 3)
  }
}
