import DFQTestSupport
import DynaDFQ
import Synchronization
import Testing

/// A generator of the simplest kind: noise around one learned image, which moves against the
/// gradient of the student's cross entropy.
private struct LearnedImage: ImageSource {
  var identity = "learned image"
  let imageShape: Shape = [8, 8, 3]
  let classCount = 4
  var pattern = Tensor(shape: [8, 8, 3])
  var rate: Float = 0.5
  /// What a batch is made wrong by.
  var damage: Damage?

  enum Damage: Sendable { case labels, count, values }

  func batch(step: Int, count: Int, seed: UInt64) throws -> SyntheticBatch {
    var stream = RandomStream(seed: seed, "learned image", step)
    var inputs = stream.tensor(Shape([count] + imageShape.dimensions))
    for index in 0..<inputs.count { inputs[index] += pattern[index % pattern.count] }
    if damage == .values { inputs[3] = .nan }
    var labels = try Tensor.oneHot((0..<count).map { $0 % 4 }, classCount: 4)
    if damage == .labels { labels[0] = 2 }
    return SyntheticBatch(
      inputs: damage == .count ? inputs.rows(0..<count - 1) : inputs, labels: labels,
      isEasy: [Bool](repeating: true, count: count))
  }

  mutating func learn(_ feedback: SourceFeedback) throws {
    let network = try Network.tinyResNet()
    let loss = CrossEntropy(labels: feedback.batch.labels, node: network.graph.output)
    let result = try feedback.student(feedback.batch.inputs, objectives: [loss])
    let gradient = result.imageGradient!
    for index in 0..<gradient.count {
      pattern[index % pattern.count] -= rate * gradient[index]
    }
  }

  var state: [String: Tensor] {
    get { ["pattern": pattern] }
    set { if let value = newValue["pattern"] { pattern = value } }
  }
}

@Suite struct SourceTrainingTests {
  private func trainer(
    _ change: (inout DynamicTrainer.Configuration) -> Void = { _ in }
  ) throws -> DynamicTrainer {
    try TinyTrainer.student(budget: 3) {
      $0.calibrationImages = 20
      change(&$0)
    }
  }

  /// A stored set given as a source without a hold-out trains the same student as the set does.
  @Test func storedSetAsASource() throws {
    let images = SyntheticImages.random(30)
    let set = try TinyTrainer.student(bits: [3]) {
      $0.holdOut = 0
      $0.calibrationImages = 30
      $0.imagesPerStep = 30
      $0.steps = 3
    }
    let first = try set.train(on: images)
    let second = try set.train(on: StoredImages(images))
    // The ranges are those of the same images in another order.
    #expect(first.network.parameters.values.count == second.network.parameters.values.count)
    let decisions = try [first, second].map { try $0.decisions(ofInputs: images.images) }
    #expect(decisions[0].map(\.bits) == decisions[1].map(\.bits))
  }

  @Test func sourceLearnsAndResumes() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      let trainer = try trainer()
      let whole = try trainer.train(on: LearnedImage()).bytes()
      let still = try trainer.train(on: LearnedImage(rate: 0)).bytes()
      #expect(whole != still)
      for killed in [1, 6, 12] {
        #expect(throws: Interruption()) {
          _ = try trainer.train(on: LearnedImage(), checkpoint: path) {
            if $0.step == killed { throw Interruption() }
          }
        }
        let resumed = try trainer.train(on: LearnedImage(), checkpoint: path).bytes()
        #expect(resumed == whole, "killed after step \(killed)")
        // A finished run has nothing left to do.
        _ = try trainer.train(on: LearnedImage(), checkpoint: path) { _ in
          Issue.record("a step of a finished run")
        }
        try AtomicFile.write([], to: path)
        #expect(throws: (any Error).self) {
          _ = try trainer.train(on: LearnedImage(), checkpoint: path)
        }
        try removeFile(path)
      }
      _ = try trainer.train(on: LearnedImage(), checkpoint: path)
      let error = #expect(throws: TrainingError.self) {
        _ = try trainer.train(on: LearnedImage(identity: "another"), checkpoint: path)
      }
      #expect(
        error
          == .otherRun(
            path: path, setting: "images", saved: "learned image", current: "another"))
    }
  }

  /// Generators learn beside the student, and a resumed run gives the same bits for any number of
  /// threads.
  @Test(
    arguments: [
      GDFQ(noiseLength: 6), Qimera(mixedShare: 0.5, mapping: 5), AdaDFQ(noiseLength: 6),
    ] as [any GeneratorMethod])
  func generatorsResume(method: any GeneratorMethod) throws {
    func source(_ threads: Int) throws -> GeneratorSource {
      try GeneratorSource(
        teacher: .tinyResNet(), method: method,
        configuration: .init(count: 8, channels: 8, imagesPerStep: 8, warmUpSteps: 4, seed: 2),
        context: .init(threads: threads))
    }
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      let trainer = try trainer()
      let whole = try trainer.train(on: source(2)).bytes()
      for killed in [1, 7] {
        #expect(throws: Interruption()) {
          _ = try trainer.train(on: source(1), checkpoint: path) {
            if $0.step == killed { throw Interruption() }
          }
        }
        #expect(try trainer.train(on: source(2), checkpoint: path).bytes() == whole)
        try removeFile(path)
      }
    }
  }

  @Test func batchesAreChecked() throws {
    for damage in [LearnedImage.Damage.labels, .count, .values] {
      #expect(throws: SynthesisError.self) {
        _ = try trainer().train(on: LearnedImage(damage: damage))
      }
    }
  }

  @Test func budgetIsMetOnTheSource() throws {
    let trainer = try trainer()
    let student = try trainer.train(on: LearnedImage(rate: 0))
    let steps = try (12..<15).map {
      try LearnedImage().batch(step: $0, count: 8, seed: 3).inputs
    }
    let probe = Tensor.concatenating(steps).rows(0..<20)
    let run = try StudentEvaluator(student, context: trainer.context).run(
      probe, policy: .selector)
    #expect(run.averageBitOPs <= student.bitOPs(activationBits: 3))
  }
}

/// Cancelled tasks, progress that throws, and runs off the caller's executor.
@Suite struct CancellationTests {
  private let images = SyntheticImages.random(30)

  @Test func asyncGivesTheSameBits() async throws {
    let trainer = try TinyTrainer.student(budget: 3)
    let sync: () throws -> QuantizedNetwork = { try trainer.train(on: images) }
    let student = try await trainer.train(on: images)
    #expect(try student.bytes() == sync().bytes())
    let network = try await TinyTrainer.teacher().train(on: CornerImages(count: 40))
    let teacher: () throws -> Network = {
      try TinyTrainer.teacher().train(on: CornerImages(count: 40))
    }
    #expect(try network.parameters == teacher().parameters)
  }

  @Test func cancelledRunsSaveTheirState() async throws {
    let directory = try temporaryDirectory()
    defer { try? removeFile(directory) }
    let path = directory + "/state"
    let trainer = try TinyTrainer.student(budget: 3) { $0.checkpointInterval = 1000 }
    let task = Mutex<Task<QuantizedNetwork, any Error>?>(nil)
    let started = Task {
      try await trainer.train(on: images, checkpoint: path) { progress in
        if progress.step == 5 { task.withLock { $0?.cancel() } }
        // The task may not be known yet in the first steps.
        while task.withLock({ $0 == nil }) {}
      }
    }
    task.withLock { $0 = started }
    await #expect(throws: CancellationError.self) { _ = try await started.value }
    #expect(try TrainingCheckpoint(contentsOf: path).counters["step"] == 5)
    let resumed = try await trainer.train(on: images, checkpoint: path)
    let whole = try await trainer.train(on: images)
    #expect(try resumed.bytes() == whole.bytes())
  }

  @Test func teacherProgressMayThrow() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      let images = CornerImages(count: 40)
      let whole = try TinyTrainer.teacher().train(on: images)
      #expect(throws: Interruption()) {
        _ = try TinyTrainer.teacher().train(on: images, checkpoint: path) {
          if $0.step == 3 { throw Interruption() }
        }
      }
      var steps: [Int] = []
      let resumed = try TinyTrainer.teacher().train(on: images, checkpoint: path) {
        steps.append($0.step)
      }
      #expect(steps == [4])
      #expect(resumed.parameters == whole.parameters)
    }
  }
}
