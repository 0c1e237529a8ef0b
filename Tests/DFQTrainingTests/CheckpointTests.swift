import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Checkpoints: resuming anywhere gives the same bits, and whatever does not belong to the run is
/// refused with a word on what it is.
@Suite struct CheckpointTests {
  private let images = SyntheticImages.random(30)

  /// A run that is ended after any of its steps resumes with the next one, to the same bits; so does
  /// one that writes its state in every step, or never but at the end.
  @Test func resumedAtEveryStep() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      let whole = try TinyTrainer.student(budget: 3).train(on: images).bytes()
      for interval in [1, 5, 1000] {
        let trainer = try TinyTrainer.student(budget: 3) { $0.checkpointInterval = interval }
        for killed in interval == 5 ? 1...12 : 6...6 {
          #expect(throws: Interruption()) {
            _ = try trainer.train(on: images, checkpoint: path) {
              if $0.step == killed { throw Interruption() }
            }
          }
          var steps: [Int] = []
          let resumed = try trainer.train(on: images, checkpoint: path) { steps.append($0.step) }
          #expect(steps == Array(killed + 1..<13))
          #expect(try resumed.bytes() == whole, "killed after step \(killed)")
          try removeFile(path)
        }
      }
    }
  }

  /// As SIGKILL leaves it: the file of the last interval, whatever happened since.
  @Test(arguments: [1, 2, 3])
  func killedBetweenIntervals(kept: Int) throws {
    try withTemporaryDirectory { directory in
      let (path, left) = (directory + "/state", directory + "/left")
      let trainer = try TinyTrainer.student(budget: 3)
      let whole = try trainer.train(on: images, checkpoint: path) {
        if $0.step == 4 * kept + 1 || (kept == 3 && $0.step == 12) {
          try copyFile(path, to: left)
        }
      }
      #expect(try trainer.train(on: images, checkpoint: left).bytes() == whole.bytes())
    }
  }

  /// What a run says of a checkpoint of another one.
  private func complaint(
    _ path: String, _ trainer: DynamicTrainer, _ images: SyntheticImages? = nil,
    _ change: ExecutionChange = .refused
  ) -> TrainingError? {
    do {
      _ = try trainer.train(
        on: images ?? self.images, checkpoint: path, executionChange: change)
      return nil
    } catch {
      return error as? TrainingError
    }
  }

  @Test func theSettingThatDiffersIsNamed() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      _ = try TinyTrainer.student().train(on: images, checkpoint: path)
      func differs(
        _ setting: String, _ saved: String?, _ current: String?, _ error: TrainingError?,
        line: SourceLocation = #_sourceLocation
      ) {
        guard case .otherRun(path, setting, let was, let now)? = error else {
          Issue.record("\(error.map { "\($0)" } ?? "taken")", sourceLocation: line)
          return
        }
        if let saved { #expect(was == saved, sourceLocation: line) }
        if let current { #expect(now == current, sourceLocation: line) }
      }
      #expect(complaint(path, try TinyTrainer.student()) == nil)
      differs(
        "configuration.seed", "3", "4", complaint(path, try TinyTrainer.student { $0.seed = 4 }))
      differs(
        "configuration.steps", "12", "13",
        complaint(path, try TinyTrainer.student { $0.steps = 13 }))
      differs(
        "configuration.budget", "none", "3", complaint(path, try TinyTrainer.student(budget: 3)))
      differs(
        "quantizer.activationBits.1", "3", "4",
        complaint(path, try TinyTrainer.student(bits: [2, 4])))
      differs(
        "objectives.0.weight", "1", "2",
        complaint(
          path,
          try TinyTrainer.student(objectives: [LabelCrossEntropy(weight: 2), LogitDistillation()])
        ))
      differs(
        "objectives.1", "distillation", "none",
        complaint(path, try TinyTrainer.student(objectives: [LabelCrossEntropy()])))
      differs(
        "images", nil, nil,
        complaint(path, try TinyTrainer.student(), .random(30, seed: 6)))
      var other = try TinyTrainer.student()
      other = DynamicTrainer(
        teacher: try .tinyResNet(seed: 2), quantizer: other.quantizer,
        configuration: other.configuration, context: other.context)
      differs("teacher.parameters", nil, nil, complaint(path, other))
    }
  }

  /// Two machines' bits are not mixed, unless the user says so.
  @Test func anotherExecution() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      let trainer = try TinyTrainer.student()
      _ = try trainer.train(on: images, checkpoint: path)
      func with(_ context: ExecutionContext) -> DynamicTrainer {
        DynamicTrainer(
          teacher: trainer.teacher, quantizer: trainer.quantizer,
          configuration: trainer.configuration, context: context)
      }
      let contexts: [(String, ExecutionContext)] = [
        ("execution.instruction set", .init(threads: 1, instructionSet: .scalar)),
        ("execution.backend", .init(threads: 1, backend: .blas)),
        ("execution.convolution", .init(threads: 1, convolutionAlgorithm: .direct)),
        ("execution.arithmetic", .init(threads: 1, quantizedArithmetic: .float)),
      ]
      for (setting, context) in contexts {
        guard setting != "execution.instruction set" || InstructionSet.best != .scalar else {
          continue
        }
        guard case .otherRun(_, setting, _, _)? = complaint(path, with(context)) else {
          Issue.record("a change of \(setting) was taken")
          continue
        }
        #expect(complaint(path, with(context), nil, .accepted) == nil)
      }
      // The number of threads changes no bits.
      #expect(complaint(path, with(.init(threads: 1))) == nil)
    }
  }

  @Test func flippedBitsAreNoticed() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      let trainer = try TinyTrainer.student()
      _ = try trainer.train(on: images, checkpoint: path)
      let bytes = try fileBytes(path)
      let header = bytes[0..<8].enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
      for share in [0.001, 0.2, 0.5, 0.8, 0.999] {
        var damaged = bytes
        damaged[8 + header + Int(Double(bytes.count - 8 - header) * share)] ^= 1
        try AtomicFile.write(damaged, to: path)
        guard case .badCheckpoint(path, _, _)? = complaint(path, trainer) else {
          Issue.record("a flipped bit at \(share) of the data went unnoticed")
          continue
        }
      }
    }
  }

  /// Files whose checksum is right and whose contents are hostile.
  @Test func hostileContents() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      let trainer = try TinyTrainer.student(budget: 3)
      _ = try trainer.train(on: images, checkpoint: path)
      let good = try TrainingCheckpoint(contentsOf: path)
      let changes: [(String, (inout TrainingCheckpoint) -> Void)] = [
        ("step 2^63 - 1", { $0.counters["step"] = .max }),
        ("a step after the last", { $0.counters["step"] = 13 }),
        ("no step", { $0.counters["step"] = nil }),
        ("Adam's 2^63 - 1", { $0.counters["steps.steps"] = .max }),
        ("no velocity", { $0.tensors["weights.velocity"] = nil }),
        (
          "a short moment",
          { $0.tensors["steps.first"] = Tensor(shape: [1], elements: [0]) }
        ),
        (
          "NaN",
          {
            let count = $0.tensors["weights.velocity"]!.count
            $0.tensors["weights.velocity"] = Tensor(shape: [count], repeating: .nan)
          }
        ),
        (
          "steps of 0",
          {
            $0.tensors["steps.values"] = Tensor(
              shape: $0.tensors["steps.values"]!.shape, repeating: -1e30)
          }
        ),
        ("a source's state", { $0.tensors["source.weights"] = Tensor(shape: [2]) }),
      ]
      for (what, change) in changes {
        var bad = good
        change(&bad)
        try bad.write(to: path)
        #expect(throws: (any Error).self, "\(what)") {
          _ = try trainer.train(on: images, checkpoint: path)
        }
      }
      // Negative counts, which no checkpoint writes.
      var file = try SafetensorsFile(contentsOf: path)
      file.metadata["training.counter.step"] = "-9223372036854775808"
      try file.write(to: path)
      #expect(complaint(path, trainer) != nil)
      // A student of other images.
      let other = try Architecture(
        .cifarResNet(depth: 8, projection: false), imageShape: [12, 12, 3], classCount: 4
      ).network(seed: 1)
      let student = try other.quantized(
        trainer.quantizer, images: .random(8, shape: [12, 12, 3]))
      var bad = TrainingCheckpoint(content: try student.file(), identity: good.identity)
      bad.tensors = good.tensors
      bad.counters = good.counters
      try bad.write(to: path)
      guard case .badCheckpoint? = complaint(path, trainer) else {
        Issue.record("a student of another input shape was taken")
        return
      }
    }
  }

  @Test func filesThatAreNoCheckpoint() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      let trainer = try TinyTrainer.student()
      try Network.tinyResNet().write(to: path)
      guard case .badCheckpoint(path, _, "none")? = complaint(path, trainer) else {
        Issue.record("a network was taken for a checkpoint")
        return
      }
      try AtomicFile.write("no safetensors", to: path)
      #expect(throws: InterchangeError.self) {
        _ = try trainer.train(on: images, checkpoint: path)
      }
    }
  }

  /// The form is of use to others: what goes in comes out.
  @Test func generic() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      var identity = RunIdentity()
      struct Settings: Encodable {
        var rate: Float = 0.5
        var names = ["a", "b"]
        var flag = true
        var missing: Int?
      }
      try identity.add("settings", encoding: Settings())
      identity.add(.default)
      var checkpoint = TrainingCheckpoint(content: .init(metadata: ["a": "b"]), identity: identity)
      checkpoint.tensors["x"] = Tensor(shape: [2, 1], elements: [1, -.infinity])
      checkpoint.counters["n"] = .max
      try checkpoint.write(to: path)
      let read = try TrainingCheckpoint(contentsOf: path)
      #expect(read.identity == identity)
      #expect(read.identity.settings["settings.names.1"] == "b")
      #expect(read.identity.settings["settings.rate"] == "0.5")
      #expect(read.tensors == checkpoint.tensors)
      #expect(read.counters == checkpoint.counters)
      #expect(read.content.metadata == ["a": "b"])
      #expect(try read.counter("n", in: 0...Int.max) == .max)
      #expect(throws: TrainingError.self) { _ = try read.counter("n", in: 0...5) }
      #expect(throws: TrainingError.self) { _ = try read.values("x", count: 2) }
      #expect(throws: TrainingError.self) { _ = try read.values("x", count: 3) }
      #expect(try TrainingCheckpoint.existing(at: directory + "/none")?.counters == nil)
    }
  }
}
