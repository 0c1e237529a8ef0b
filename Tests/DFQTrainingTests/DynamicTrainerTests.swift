import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Training the student: the same bits whatever the threads and interruptions, and the budget.
///
/// That no real image reaches it is a fact of types: `train(on:)` takes `SyntheticImages`, which no
/// `RealImages` is or can be turned into.
@Suite struct DynamicTrainerTests {
  private func teacher() throws -> Network {
    try Architecture(
      .cifarResNet(depth: 8, projection: false), imageShape: [12, 12, 3], classCount: 4
    ).network(seed: 6)
  }

  private func images(_ teacher: Network) throws -> SyntheticImages {
    try SoftLabelSynthesizer(
      teacher: teacher,
      configuration: .init(count: 40, imagesPerBatch: 20, steps: 10, dropUnfaithful: false, seed: 2)
    ).synthesize()
  }

  private func trainer(
    _ teacher: Network, threads: Int = 2, bits: [Int] = [3, 4, 5], budget: Double? = 4
  ) -> DynamicTrainer {
    DynamicTrainer(
      teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: bits),
      configuration: .init(
        budget: budget, steps: 40, imagesPerStep: 10, holdOut: 0.1, checkpointInterval: 8, seed: 3),
      context: .init(threads: threads))
  }

  private func bytes(_ student: QuantizedNetwork) throws -> [UInt8] {
    try student.file().encoded()
  }

  @Test func sameBitsForAnyNumberOfThreads() throws {
    let teacher = try teacher()
    let images = try images(teacher)
    let students = try [1, 2, 3].map { try trainer(teacher, threads: $0).train(on: images) }
    for student in students.dropFirst() { #expect(try bytes(student) == bytes(students[0])) }
  }

  /// A student of a transformed network is trained and stored, its teacher stays; a checkpoint of
  /// other transforms is refused.
  @Test func transforms() throws {
    let teacher = try teacher()
    let images = try images(teacher)
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("state.safetensors").path
    func trainer(_ transforms: [any DataFreeTransform]) -> DynamicTrainer {
      DynamicTrainer(
        teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [4]),
        transforms: transforms,
        configuration: .init(steps: 4, imagesPerStep: 10, holdOut: 0.1, checkpointInterval: 2))
    }
    let student = try trainer([UDFC(pruning: 0.25)]).train(on: images, checkpoint: path)
    #expect(student.network.parameters["layer1.0.conv1.weight"]!.shape == [3, 3, 16, 12])
    let read = try QuantizedNetwork(student.file(), path: "student")
    #expect(read.network.graph == student.network.graph)
    #expect {
      _ = try trainer([UDFC(pruning: 0.5)]).train(on: images, checkpoint: path)
    } throws: {
      "\($0)".contains("transforms.0.pruning")
    }
    #expect(throws: QuantizationError.self) { try trainer([UDFC(pruning: -1)]).check() }
  }

  @Test func resumedAsIfNothingHadHappened() throws {
    let teacher = try teacher()
    let images = try images(teacher)
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("state.safetensors").path
    let half = directory.appendingPathComponent("half.safetensors").path
    let whole = try trainer(teacher).train(on: images, checkpoint: path) { progress in
      // The state of step 16 is what a run killed between steps 16 and 24 leaves.
      if progress.step == 17 { try? FileManager.default.copyItem(atPath: path, toPath: half) }
    }
    let resumed = try trainer(teacher).train(on: images, checkpoint: half)
    #expect(try bytes(resumed) == bytes(whole))
    let uninterrupted = try trainer(teacher).train(on: images)
    #expect(try bytes(uninterrupted) == bytes(whole))
    // Another run's checkpoint is refused.
    #expect(throws: TrainingError.self) {
      try trainer(teacher, bits: [2, 4]).train(on: images, checkpoint: half)
    }
  }

  @Test func budgetIsMetOnCleanImages() throws {
    let teacher = try teacher()
    let images = try images(teacher)
    let student = try trainer(teacher).train(on: images)
    let decisions = try student.decisions(ofInputs: images.images)
    let mean = decisions.reduce(0) { $0 + $1.bitOPs } / Double(decisions.count)
    // The price was set on the images without the held-out tenth: 36 of 40, so that the four others
    // may move the mean by a tenth of the difference between the candidates at most.
    let reach = student.bitOPs(activationBits: 5) - student.bitOPs(activationBits: 3)
    #expect(mean <= student.bitOPs(activationBits: 4) + 0.1 * reach)
    #expect {
      try trainer(teacher, bits: [4, 5], budget: 3).train(on: images)
    } throws: { error in
      if case TrainingError.budgetOutOfRange = error { true } else { false }
    }
  }

  @Test func staticStudentsNeedNoSelector() throws {
    let teacher = try teacher()
    let student = try trainer(teacher, bits: [4], budget: nil).train(on: images(teacher))
    #expect(!student.isDynamic)
    #expect(student.selectorBitOPs == 0)
  }

  @Test func damageIsNamed() throws {
    var teacher = try teacher()
    let images = try images(teacher)
    #expect(throws: TrainingError.self) {
      var bad = trainer(teacher).configuration
      bad.imagesPerStep = 0
      _ = try DynamicTrainer(
        teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [4]),
        configuration: bad
      ).train(on: images)
    }
    #expect(throws: QuantizationError.self) {
      try trainer(teacher).train(on: images.subset([]))
    }
    teacher.parameters.values[0] = .infinity
    #expect(throws: NetworkError.self) { try trainer(teacher).train(on: images) }
  }

}
