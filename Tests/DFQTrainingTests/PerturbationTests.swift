import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

/// Compares an objective's losses at the teacher with those at the student.
private struct Compared<Base: StudentObjective>: StudentObjective {
  static var kind: String { "compared" }
  var base: Base

  func teacherLayers(in network: Network) -> [ObservedLayer] { base.teacherLayers(in: network) }
  func studentLayers(in network: Network) -> [ObservedLayer] { base.studentLayers(in: network) }
  func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    try base.losses(for: batch)
  }

  func lossesAtTeacher(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    let layers = base.teacherLayers(in: batch.network)
    let (own, other) = (try losses(for: batch), try base.lossesAtTeacher(for: batch))
    #expect(own.count == layers.count && other.count == layers.count)
    for (place, layer) in layers.enumerated() {
      #expect(own[place].node == other[place].node && own[place].weight == other[place].weight)
      for image in 0..<batch.count {
        let atStudent = value(own[place], image, try batch.student(layer))
        let atTeacher = value(other[place], image, try batch.teacher(layer))
        #expect(abs(atStudent - atTeacher) < 1e-5 * abs(atStudent) + 1e-9)
        comparisons.withLock { $0 += 1 }
      }
    }
    return other
  }

  private func value(_ loss: any ImageObjective, _ image: Int, _ values: Tensor) -> Double {
    let row = values.row(image).elements
    var gradient = [Float](repeating: 0, count: row.count)
    return row.withUnsafeBufferPointer { row in
      gradient.withUnsafeMutableBufferPointer {
        loss.evaluate(image: image, value: row, gradient: $0, scale: 1)
      }
    }
  }
}

/// The comparisons that were made.
private let comparisons = Mutex(0)

/// Cross entropy that counts the teacher's logits too, and keeps what it sees.
private struct Watched: StudentObjective {
  static let kind = "watched"
  func teacherLayers(in network: Network) -> [ObservedLayer] { [.logits] }
  func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    seen.withLock { $0.append(batch) }
    return try lossesAtTeacher(for: batch)
  }
  func lossesAtTeacher(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    [CrossEntropy(labels: batch.labels, node: try batch.node(.logits))]
  }
}

/// The batches that it has seen.
private let seen = Mutex<[ObjectiveBatch]>([])

/// HAST's training: images that are moved to where they are harder.
@Suite(.serialized) struct PerturbationTests {
  private let images = SyntheticImages.random(30)

  @Test func byHand() {
    let moved = Perturbation(size: 0.5).apply(
      Tensor(shape: [1, 1, 1, 4], elements: [1, -2, 3, 0]),
      gradient: Tensor(shape: [1, 1, 1, 4], elements: [1e-9, -7, 0, -0.0]))
    #expect(moved.elements == [1.5, -2.5, 3, 0])
  }

  /// KL((1/4, 3/4) || (1/2, 1/2)) at temperature 1: log(1/2)/4 + 3 log(3/2)/4, and at the first logit
  /// 1/4 (log(1/2) - KL).
  @Test func distillationAtTeacher() {
    func evaluate(
      _ objective: DistillationAtTeacher, _ value: [Float]
    ) -> (loss: Double, gradient: [Float]) {
      var gradient = [Float](repeating: 0, count: value.count)
      let loss = value.withUnsafeBufferPointer { value in
        gradient.withUnsafeMutableBufferPointer {
          objective.evaluate(image: 0, value: value, gradient: $0, scale: 1)
        }
      }
      return (loss, gradient)
    }
    let found = evaluate(
      .init(studentLogits: Tensor(shape: [1, 2], elements: [2, 2]), node: 0, temperature: 1),
      [0, log(3)])
    let divergence = 0.25 * log(0.5) + 0.75 * log(1.5)
    #expect(abs(found.loss - divergence) < 1e-7)
    let slope = Float(0.25 * (log(0.5) - divergence))
    #expect(largestDifference(found.gradient, [slope, -slope]) < 1e-6)
    var stream = RandomStream(seed: 2)
    let objective = DistillationAtTeacher(
      studentLogits: Tensor(shape: [1, 5], elements: stream.normals(5)), node: 0, temperature: 2)
    let (value, direction) = (stream.normals(5), stream.normals(5))
    let gradient = evaluate(objective, value).gradient
    let expected = directionalDerivative(at: value, along: direction, step: 1e-2) {
      evaluate(objective, $0).loss
    }
    let scale = (dot(gradient, gradient) * dot(direction, direction)).squareRoot()
    #expect(abs(dot(gradient, direction) - expected) < 1e-3 * scale)
  }

  /// The losses at the teacher of the teacher's values are the losses at the student of the student's:
  /// one function of both.
  @Test func lossesAtTeacherAreTheSameLosses() throws {
    try check(LogitDistillation(weight: 1, temperature: 2))
    try check(AttentionAlignment(weight: 1))
    try check(FeatureDistance(weight: 1))
    let labels = try session(objectives: [LabelCrossEntropy()], path: .both)
    try labels.step()
  }

  private func check(_ objective: some StudentObjective) throws {
    let count = comparisons.withLock { $0 }
    try session(objectives: [Compared(base: objective)], path: .both).step()
    #expect(comparisons.withLock { $0 } > count)
  }

  private func trainer(
    objectives: [any StudentObjective] = .hardSamples, path: Perturbation.Path?,
    size: Float = 0.05, bits: [Int] = [3], budget: Double? = nil,
    _ change: (inout DynamicTrainer.Configuration) -> Void = { _ in }
  ) throws -> DynamicTrainer {
    try TinyTrainer.student(bits: bits, budget: budget, objectives: objectives) {
      $0.mixup = .none
      $0.perturbation = path.map { Perturbation(size: size, path: $0) }
      change(&$0)
    }
  }

  private func session(
    objectives: [any StudentObjective] = .hardSamples, path: Perturbation.Path
  ) throws -> StudentSession {
    try StudentSession(trainer(objectives: objectives, path: path), on: images)
  }

  /// The gradient of KL(P || Q) at the images through both networks, against central differences.
  @Test func gradientThroughBothNetworks() throws {
    let (teacher, student) = (try Network.tinyResNet(seed: 1), try Network.tinyResNet(seed: 2))
    let executors = (teacher: FloatExecutor(teacher), student: FloatExecutor(student))
    let node = teacher.graph.output
    func distillation(_ images: Tensor) throws -> Distillation {
      Distillation(
        teacherLogits: try executors.teacher.logits(ofInputs: images), node: node, temperature: 2,
        weight: 1)
    }
    var stream = RandomStream(seed: 6)
    let images = stream.tensor([3, 8, 8, 3])
    let direction = stream.normals(images.count)
    let atStudent = try executors.student.run(
      images, request: .init(imageObjectives: [try distillation(images)], imageGradient: true)
    ).imageGradient!
    let reverse = DistillationAtTeacher(
      studentLogits: try executors.student.logits(ofInputs: images), node: node, temperature: 2,
      weight: 1)
    let atTeacher = try executors.teacher.run(
      images, request: .init(imageObjectives: [reverse], imageGradient: true)
    ).imageGradient!
    let gradient = zip(atStudent.elements, atTeacher.elements).map { $0 + $1 }
    let expected = try directionalDerivative(at: images.elements, along: direction, step: 1e-3) {
      let moved = Tensor(shape: images.shape, elements: $0)
      return try executors.student.run(
        moved, request: .init(imageObjectives: [try distillation(moved)])
      ).totalLoss
    }
    let scale = (dot(gradient, gradient) * dot(direction, direction)).squareRoot()
    // Kinks of activations within the step, and single precision.
    #expect(abs(dot(gradient, direction) - expected) < 5e-3 * scale)
  }

  /// A step's second batch is the first, moved by the size along the signs of the gradient that the
  /// path says, with the same labels.
  @Test(arguments: Perturbation.Path.allCases)
  func movedImages(path: Perturbation.Path) throws {
    seen.withLock { $0 = [] }
    let session = try StudentSession(
      trainer(objectives: [Watched()], path: path, size: 0.25), on: images)
    let network = session.trainer.teacher
    try session.step()
    let batches = seen.withLock { $0 }
    #expect(batches.count == 2 && batches[0].labels == batches[1].labels)
    let expected = try FloatExecutor(network).run(
      batches[0].inputs,
      request: .init(
        imageObjectives: [CrossEntropy(labels: batches[0].labels, node: network.graph.output)],
        imageGradient: true)
    ).imageGradient!
    let moves = zip(batches[1].inputs.elements, batches[0].inputs.elements).map { $0 - $1 }
    #expect(moves.allSatisfy { abs(abs($0) - 0.25) < 1e-5 || $0 == 0 })
    let agreeing = zip(moves, expected.elements).filter { $0 * $1 > 0 }.count
    switch path {
    case .teacher: #expect(Double(agreeing) > 0.999 * Double(moves.count))
    // The student of three bits is not the teacher.
    case .both: #expect(Double(agreeing) > 0.7 * Double(moves.count))
    case .student: #expect(Double(agreeing) > 0.55 * Double(moves.count))
    }
  }

  /// A step of no size is a step with twice the gradient, which momentum sees as twice the rate.
  @Test func gradientsAreAdded() throws {
    func student(_ path: Perturbation.Path?, rate: Float) throws -> QuantizedNetwork {
      let session = try StudentSession(
        trainer(path: path, size: 1e-30) {
          $0.learningRate = rate
          $0.weightDecay = 0
          $0.schedule = .constant
          $0.stepLearningRate = 0
        }, on: images)
      try session.step()
      return session.student
    }
    let before = try StudentSession(trainer(path: nil), on: images).student
    func change(_ student: QuantizedNetwork) -> [Float] {
      zip(student.network.parameters.values, before.network.parameters.values).map { $0 - $1 }
    }
    let twice = try change(student(.both, rate: 1e-4))
    let once = try change(student(nil, rate: 2e-4))
    #expect(once.contains { $0 != 0 })
    #expect(relativeDistance(twice, once) < 1e-3)
  }

  @Test func dynamicStudentsAndProgress() throws {
    let trainer = try trainer(path: .both, bits: [2, 3, 4], budget: 3.4)
    var bits: [Double] = []
    let student = try trainer.train(on: images) { progress in
      #expect(progress.losses.map(\.name) == ["distillation", "attention alignment"])
      progress.meanBits.map { bits.append($0) }
    }
    #expect(student.isDynamic && bits.count == 12 && bits.allSatisfy { (2...4).contains($0) })
  }

  @Test func resumedRunGivesTheSameBits() throws {
    let directory = try temporaryDirectory()
    defer { try? removeFile(directory) }
    let path = directory + "/state"
    let trainer = try trainer(path: .both, bits: [2, 3, 4], budget: 3.4)
    let whole = try trainer.train(on: images)
    #expect(throws: Interruption.self) {
      try trainer.train(on: images, checkpoint: path) { progress in
        if progress.step == 6 { throw Interruption() }
      }
    }
    #expect(try trainer.train(on: images, checkpoint: path).bytes() == whole.bytes())
    let other = try self.trainer(path: .student, bits: [2, 3, 4], budget: 3.4)
    #expect(throws: TrainingError.self) { try other.train(on: images, checkpoint: path) }
  }

  @Test func settings() throws {
    for bad: Float in [0, -1, .nan, .infinity] {
      #expect(throws: TrainingError.self) { try trainer(path: .both, size: bad).check() }
    }
    // The teacher's gradient alone needs an objective that asks the teacher.
    #expect(throws: TrainingError.self) {
      try trainer(objectives: [LabelCrossEntropy()], path: .teacher).check()
    }
    try trainer(objectives: [LabelCrossEntropy()], path: .both).check()
    // Settings that are absent have their defaults, and an absent perturbation is not written.
    let read = try JSONDecoder().decode(Perturbation.self, from: Data("{}".utf8))
    #expect(read == Perturbation() && read.size == 0.01 && read.path == .both)
    let text = String(
      decoding: try JSONEncoder().encode(DynamicTrainer.Configuration()), as: UTF8.self)
    #expect(!text.contains("perturbation"))
    let preset = DynamicTrainer.Configuration.hardSamples
    #expect(preset.imagesPerStep == 64 && preset.learningRate == 1e-5)
    #expect(preset.schedule.factor(step: 3199, total: 29_400) == 1)
    #expect(abs(preset.schedule.factor(step: 3200, total: 29_400) - 0.1) < 1e-6)
  }

  /// The deeper input of each sum.
  @Test func residualBranches() throws {
    let network = try Network.tinyResNet()
    #expect(
      AttentionAlignment.residualBranches(in: network) == [
        .named("layer1.0.bn2"), .named("layer2.0.bn2"), .named("layer3.0.bn2"),
      ])
    let projected = try Network.tinyResNet(projection: true)
    #expect(
      AttentionAlignment().teacherLayers(in: projected)
        == AttentionAlignment().teacherLayers(in: network))
  }
}
