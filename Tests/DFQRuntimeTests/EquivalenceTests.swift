import DFQTestSupport
import DynaDFQ
import Testing

/// Integer programs against the executor that students are trained and evaluated with.
@Suite struct EquivalenceTests {
  /// Logits, bits and passes of every image are the student's, bit for bit where the student's own
  /// convolutions are computed in integers.
  @Test(arguments: StudentCase.all, InstructionSet.available)
  func predictsWhatTheStudentDoes(_ item: StudentCase, set: InstructionSet) throws {
    let context = ExecutionContext(threads: 1, instructionSet: set)
    let (student, images) = try item.student(context)
    let expected = try StudentEvaluator(student, context: context).run(images, policy: .selector)
    for threads in [1, 2] {
      let network = try IntegerNetwork(
        student, context: ExecutionContext(threads: threads, instructionSet: set))
      let found = try network.predict(inputs: images)
      for image in 0..<images.rowCount {
        #expect(found[image].bits == expected.bits[image])
        #expect(found[image].passes == expected.passes[image])
      }
      let far = zip(found.logits, expected.logits).map { abs($0 - $1) / (1 + abs($1)) }.max()!
      #expect(far <= item.tolerance, "\(item) \(set)")
      // One image at a time, by all threads together.
      for image in 0..<images.rowCount {
        let alone = try network.predict(inputs: images.rows(image..<image + 1))
        #expect(alone[0] == found[image])
      }
    }
  }

  /// Threads that share an image divide the pixels which decisions look at where each lies in one thread's rows, as on maps of
  /// 28 x 28 for two threads; with more threads some of them do not.
  ///
  /// Codes are read by each of them.
  @Test(arguments: [
    BitSelector(.perLayer, positions: 2), BitSelector(.perLayer, positions: 4),
    BitSelector(LayerInputSelector(distance: 1)), BitSelector(LayerInputSelector()),
    BitSelector(LayerInputSelector(distance: 3)),
  ])
  func decisionsOfThreads(selector: BitSelector) throws {
    var student = try QuantizedNetwork(
      network: .pretrained(.resNet20FashionMNIST),
      quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5], fullyQuantized: true),
      selector: selector)
    var stream = RandomStream(seed: 3)
    let images = stream.tensor(Shape([6] + student.network.imageShape.dimensions))
    try student.calibrate(batches: [images], context: ExecutionContext(threads: 2))
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = 0.1 * stream.normal()
    }
    let expected = try IntegerNetwork(student, context: ExecutionContext(threads: 1))
      .predict(inputs: images)
    for threads in 2...4 {
      let network = try IntegerNetwork(student, context: ExecutionContext(threads: threads))
      for repetition in 0..<20 {
        let image = repetition % images.rowCount
        let alone = try network.predict(inputs: images.rows(image..<image + 1))
        #expect(alone[0] == expected[image], "\(threads) threads")
      }
    }
  }

  /// Without Winograd's algorithms nothing changes, and no layer has them.
  @Test(arguments: StudentCase.all)
  func directConvolutions(_ item: StudentCase) throws {
    let context = ExecutionContext(threads: 1)
    let (student, images) = try item.student(context)
    let network = try IntegerNetwork(student, context: context)
    let direct = try network.withDirectConvolutions()
    #expect(direct.layers.allSatisfy { $0.kernel != .winograd && $0.kernel != .wordWinograd })
    #expect(try direct.predict(inputs: images) == network.predict(inputs: images))
  }

  /// A written and read network is the same.
  @Test(arguments: StudentCase.all)
  func files(_ item: StudentCase) throws {
    let context = ExecutionContext(threads: 1)
    let (student, images) = try item.student(context)
    let network = try IntegerNetwork(
      student, classNames: ["a", "b", "c", "d"], context: context)
    let read = try withTemporaryDirectory { directory in
      try network.write(to: directory + "/model.dfq")
      return try IntegerNetwork(contentsOf: directory + "/model.dfq", context: context)
    }
    let isSame = read.model == network.model
    #expect(isSame)
    #expect(read.classNames == ["a", "b", "c", "d"])
    #expect(try read.predict(inputs: images) == network.predict(inputs: images))
  }

  /// Integer programs know nothing of the image's gradients; the error names the selector.
  @Test(arguments: [BitSelector(CADyQ()), BitSelector(AdaBM())])
  func gradientsOfTheImageAreRefused(selector: BitSelector) throws {
    let item = StudentCase(
      description: "refused", quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
      selector: selector)
    let student = try item.student(ExecutionContext(threads: 1)).student
    let error = #expect(throws: RuntimeError.self) { _ = try IntegerNetwork(student) }
    #expect(error.map { "\($0)" }?.contains(type(of: selector.decider).kind) == true)
  }

  /// A cascade's answers, levels and passes, under every rule, in one batch and in parts.
  @Test(arguments: [CascadeRule.threshold, .ranked(batch: 5), .streaming(rate: 0.05)])
  func cascades(rule: CascadeRule) throws {
    let context = ExecutionContext(threads: 2)
    let (low, images) = try StudentCase.all[0].student(context)
    let (high, _) = try StudentCase.all[1].student(context)
    let margins = try StudentEvaluator(low, context: context).run(images, policy: .selector)
    let sorted = MarginCascade.margins(margins.logits, classes: 4).sorted()
    let cascade = try StudentCascade(
      levels: [low, high], thresholds: [sorted[5]], shares: [5.0 / 13], rule: rule)
    let expected = try CascadeEvaluator(cascade, context: context).run(images)
    let network = try IntegerNetwork(cascade, context: context)
    let found = try network.predict(inputs: images)
    #expect(found.levels == expected.lastLevels)
    #expect(found.passes == expected.passes)
    #expect(found.classIndices == expected.predictions)
    let isClose = zip(found.logits, expected.logits).allSatisfy { abs($0 - $1) <= 1e-5 }
    #expect(isClose)
    // A predictor goes on where the last part ended.
    let predictor = Predictor(network)
    let parts = try [0..<5, 5..<10, 10..<13].map { try predictor.predict(inputs: images.rows($0)) }
    #expect(parts.flatMap(\.levels) == found.levels)
    predictor.reset()
    #expect(try predictor.predict(inputs: images) == found)
  }
}
