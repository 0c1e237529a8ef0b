import DFQTestSupport
import DynaDFQ
import Testing

/// Settings that cannot be, and runs that blow up, are typed errors: nothing traps, and no student
/// comes back that could not be read again.
@Suite struct SettingsTests {
  private typealias Configuration = DynamicTrainer.Configuration
  private let images = SyntheticImages.random(30)

  private func isRefused(_ change: (inout Configuration) -> Void) throws -> Bool {
    do {
      _ = try TinyTrainer.student(bits: [3], change).train(on: images)
      return false
    } catch TrainingError.badConfiguration {
      return true
    }
  }

  @Test func studentSettings() throws {
    let changes: [(inout Configuration) -> Void] = [
      { $0.steps = -1 }, { $0.steps = .max }, { $0.imagesPerStep = 0 },
      { $0.imagesPerStep = .max }, { $0.imagesPerStep = 1_000_000_000 },
      { $0.calibrationImages = .max }, { $0.checkpointInterval = 0 }, { $0.warmup = .nan },
      { $0.holdOut = 1 }, { $0.learningRate = -1 }, { $0.learningRate = .infinity },
      { $0.stepLearningRate = .nan }, { $0.selectorLearningRate = .infinity },
      { $0.momentum = 1 }, { $0.momentum = .nan }, { $0.weightDecay = .nan },
      { $0.weightDecay = -1 }, { $0.schedule = .cosine(final: .nan) },
      { $0.schedule = .milestones([.nan], decay: 0.1) },
      { $0.schedule = .oneCycle(warmup: -1, final: 0) },
      { $0.budgetRule = .hinge(weight: .nan) }, { $0.budgetRule = .hinge(weight: -1) },
      { $0.budgetRule = .multiplier(initial: .infinity, rate: 0) },
      { $0.budgetRule = .multiplier(initial: 1, rate: .nan) },
    ]
    for (index, change) in changes.enumerated() {
      #expect(try isRefused(change), "setting \(index)")
    }
    // A checkpoint interval that no run reaches is no mistake.
    #expect(
      try TinyTrainer.student(bits: [3]) {
        $0.steps = 1
        $0.checkpointInterval = .max
      }.train(on: images).isDynamic == false)
  }

  @Test func objectiveSettings() throws {
    let wrong: [[any StudentObjective]] = [
      [LabelCrossEntropy(weight: .nan)], [LabelCrossEntropy(weight: -1)],
      [LogitDistillation(weight: -8000)], [LogitDistillation(weight: .infinity)],
      [LogitDistillation(temperature: .infinity)], [LogitDistillation(temperature: .nan)],
      [LogitDistillation(temperature: 0)], [LabelCrossEntropy(), LabelCrossEntropy(weight: 2)],
      [AttentionAlignment(layers: [String]())],
    ]
    for objectives in wrong {
      #expect(throws: TrainingError.self) {
        _ = try TinyTrainer.student(bits: [3], objectives: objectives).train(on: images)
      }
    }
  }

  @Test func teacherSettings() throws {
    let changes: [(inout TeacherTrainer.Configuration) -> Void] = [
      { $0.epochs = .max }, { $0.imagesPerStep = .max }, { $0.shift = .max },
      { $0.shift = -1 }, { $0.weightDecay = .nan }, { $0.weightDecay = -1 },
      { $0.momentum = .nan }, { $0.momentum = 1 }, { $0.warmup = .nan },
      { $0.learningRate = .infinity }, { $0.labelSmoothing = .nan },
    ]
    for change in changes {
      #expect(throws: TrainingError.self) {
        _ = try TinyTrainer.teacher(change).train(on: CornerImages(count: 50))
      }
    }
  }

  /// The last step is not followed by another whose loss would tell.
  @Test func blowUpInTheLastStep() throws {
    let changes: [(inout Configuration) -> Void] = [
      { $0.learningRate = 1e38 }, { $0.stepLearningRate = 1e30 },
      {
        $0.selectorLearningRate = 3e38
        $0.warmup = 0
      },
    ]
    for (index, change) in changes.enumerated() {
      let trainer = try TinyTrainer.student {
        $0.steps = 1
        $0.schedule = .constant
        change(&$0)
      }
      do {
        let student = try trainer.train(on: images)
        // What does come back is a student that its own reader takes.
        _ = try QuantizedNetwork(student.file(), path: "student")
        #expect(index == 2, "blow-up \(index) went unnoticed")
      } catch is QuantizationError {
      } catch is NetworkError {
      }
    }
    #expect(throws: NetworkError.self) {
      _ = try TinyTrainer.teacher {
        $0.epochs = 1
        $0.learningRate = 1e38
        $0.warmup = 0
      }.train(on: CornerImages(count: 16))
    }
  }

  @Test func messagesAreOneLine() {
    let errors: [TrainingError] = [
      .badConfiguration(what: "steps of at least 0", found: "-1"),
      .otherRun(path: "a\u{1B}[2Jb", setting: "seed", saved: "1\n2", current: "3"),
      .badCheckpoint(path: "p", expected: "a", found: "b"),
      .imagesDoNotFit(expected: "a", found: "b"),
      .budgetOutOfRange(bits: 1, lowest: 2.31, highest: 4),
      .budgetNotMet(bits: 3, reached: 3.5),
    ]
    for error in errors {
      #expect(!error.description.contains { $0.isNewline || $0 == "\u{1B}" })
      #expect(error.errorDescription == error.description)
    }
  }
}
