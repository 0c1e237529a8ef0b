import DFQTestSupport
import DynaDFQ
import Testing

/// Steps one by one, and quantization without any.
@Suite struct SessionTests {
  private let images = SyntheticImages.random(30)

  @Test func studentStepByStep() throws {
    let trainer = try TinyTrainer.student(budget: 3)
    let session = try StudentSession(trainer, on: images)
    var losses: [Double] = []
    while !session.isFinished { losses.append(try session.step().totalLoss) }
    #expect(session.stepsDone == 12)
    var expected: [Double] = []
    let student = try trainer.train(on: images) { expected.append($0.totalLoss) }
    #expect(losses == expected)
    #expect(try session.finish().bytes() == student.bytes())
    #expect(throws: TrainingError.self) { try session.step() }
  }

  /// The total is what is minimized: the losses times their weights.
  @Test func totalLoss() throws {
    let progress = try StudentSession(try TinyTrainer.student(bits: [2]), on: images).step()
    let sum = progress.loss("cross entropy")! + 8000 * progress.loss("distillation")!
    // Two sums of the same doubles.
    #expect(abs(progress.totalLoss - sum) <= 1e-12 * sum)
  }

  /// Learned rounding before the first step: interrupted after every block, resumed to the same bits.
  @Test(arguments: [0, 3])
  func adaptiveRounding(steps: Int) throws {
    let trainer = try TinyTrainer.student(bits: [3]) {
      $0.steps = steps
      $0.adaptiveRounding = AdaptiveRounding(iterations: 5, imagesPerStep: 8, rate: 0.3)
    }
    let plain = try TinyTrainer.student(bits: [3]) { $0.steps = steps }.train(on: images)
    var reports: [ReconstructionReport] = []
    let whole = try trainer.train(on: images) { if let r = $0.reconstruction { reports.append(r) } }
    #expect(reports.map(\.unit) == [0, 1, 2, 3, 4] && reports.allSatisfy { $0.count == 5 })
    #expect(try whole.bytes() != plain.bytes())
    #expect(try trainer.train(on: images).bytes() == whole.bytes())
    try withTemporaryDirectory { directory in
      for killed in 0..<5 {
        let path = directory + "/state\(killed)"
        #expect(throws: Interruption()) {
          _ = try trainer.train(on: images, checkpoint: path) {
            if $0.reconstruction?.unit == killed { throw Interruption() }
          }
        }
        var units: [Int] = []
        let resumed = try trainer.train(on: images, checkpoint: path) {
          if let report = $0.reconstruction { units.append(report.unit) }
        }
        #expect(units == Array(killed + 1..<5))
        #expect(try resumed.bytes() == whole.bytes())
      }
      // Within a block: it begins again.
      let path = directory + "/within"
      #expect(throws: Interruption()) {
        _ = try trainer.train(on: images, checkpoint: path) {
          if let step = $0.reconstructionStep, step.unit == 2, step.step == 4 {
            #expect(step.share == 2.8 / 5 && step.steps == 5 && step.distance > 0)
            throw Interruption()
          }
        }
      }
      var steps = 0
      let resumed = try trainer.train(on: images, checkpoint: path) {
        if $0.reconstructionStep != nil { steps += 1 }
      }
      #expect(steps == 3 * 5)
      #expect(try resumed.bytes() == whole.bytes())
    }
  }

  @Test func teacherStepByStep() throws {
    let network = try Network.tinyResNet()
    let session = try TeacherSession(network, context: .init(threads: 2))
    let set = SyntheticImages.random(16)
    var losses: [Double] = []
    for _ in 0..<20 {
      let result = try session.step(images: set.images, labels: set.labels, learningRate: 0.05)
      losses.append(result.loss)
      #expect(result.logits.shape == [16, 4])
    }
    // The same 16 images 20 times: they are learned by heart.
    #expect(losses[19] < 0.6 * losses[0])
    #expect(session.stepsDone == 20)
    #expect(session.network.parameters != network.parameters)
    #expect(throws: TrainingError.self) {
      try session.step(images: set.images, labels: Tensor(shape: [3, 4]), learningRate: 0.1)
    }
    #expect(throws: NetworkError.self) {
      try session.step(
        images: Tensor(shape: [16, 4, 4, 3]), labels: set.labels, learningRate: 0.1)
    }
  }

  @Test func quantizedInOneCall() throws {
    let network = try Network.tinyResNet()
    let fine = try network.quantized(Quantizer(weightBits: 8, activationBits: [8]), images: images)
    let coarse = try network.quantized(
      Quantizer(weightBits: 2, activationBits: [2]), images: images)
    // Without training the shadow weights are the network's own.
    #expect(fine.network.parameters == network.parameters)
    let teacher = try FloatExecutor(network).logits(ofInputs: images.images)
    func distance(_ student: QuantizedNetwork) throws -> Float {
      let logits = try student.decisions(ofInputs: images.images).flatMap(\.logits)
      return zip(logits, teacher.elements).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let size = teacher.elements.reduce(0) { $0 + $1 * $1 }
    // Eight bits keep errors of about 1/256 of each layer's range; two bits have three levels.
    #expect(try distance(fine) < 0.01 * size)
    #expect(try distance(coarse) > 10 * distance(fine))
  }

  @Test func quantizedWithoutImages() throws {
    let synthesis = SoftLabelSynthesizer.Configuration(
      count: 16, imagesPerBatch: 16, steps: 2, dropUnfaithful: false, seed: 1)
    let student = try Network.tinyResNet().quantized(
      Quantizer(weightBits: 8, activationBits: [8]), synthesis: synthesis)
    #expect(!student.isDynamic)
    #expect(throws: QuantizationError.self) {
      _ = try Network.tinyResNet().quantized(Quantizer(weightBits: 9, activationBits: [8]))
    }
  }

  /// A group moves its own ranges at its own rate, from its first step on.
  @Test func parameterGroups() throws {
    var group = ParameterGroup(
      "some", optimizer: SGD(count: 4, momentum: 0, weightDecay: 0), baseRate: 2,
      schedule: .milestones([0.5], decay: 0.5), ranges: [0..<1, 2..<3], firstStep: 1)
    var values: [Float] = [0, 0, 0, 0]
    for step in 0..<4 {
      try group.step(
        &values, gradient: [1, 1, -1, 1], step: step, of: 4, context: .default)
    }
    // Rates 2 (waiting), 2, 1, 1.
    #expect(values == [-4, 0, 4, 0])
    #expect(group.rate(step: 0, of: 4) == 2)
    #expect(group.rate(step: 3, of: 4) == 1)
  }
}
