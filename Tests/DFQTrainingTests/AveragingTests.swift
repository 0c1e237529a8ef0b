import DFQTestSupport
import DFQTraining
import DynaDFQ
import Testing

/// Exponential moving averages of what a student learns.
@Suite struct AveragingTests {
  private let images = SyntheticImages.random(30)

  /// Step 0 keeps 1/10, step 1 keeps 2/11, until the decay is reached.
  @Test func workedByHand() {
    var average = ParameterAverage([0, 5, 8])
    average.add([1, 7, 9], ranges: [0..<1, 2..<3], decay: 0.15, step: 0)
    #expect(abs(average.values[0] - 0.9) < 1e-6 && abs(average.values[2] - 8.9) < 1e-6)
    average.add([2, 7, 9], ranges: [0..<1, 2..<3], decay: 0.15, step: 1)
    #expect(abs(average.values[0] - (0.9 * 0.15 + 2 * 0.85)) < 1e-6)
    // What does not learn stays as it is.
    #expect(average.values[1] == 5)
    var values: [Float] = [0, 1, 2]
    average.replace(&values, ranges: [0..<1, 2..<3])
    #expect(values == [average.values[0], 1, average.values[2]])
  }

  /// The finished student has the average of the students after every step.
  @Test func finishedStudent() throws {
    let trainer = try TinyTrainer.student(bits: [3]) { $0.averaging = 0.5 }
    let session = try StudentSession(trainer, on: images)
    let range = trainer.teacher.parameters.layout.learnedRanges[0]
    var expected = session.student.network.parameters.values[range.lowerBound]
    while !session.isFinished {
      let step = session.stepsDone
      try session.step()
      let kept = min(0.5, Float(1 + step) / Float(10 + step))
      let value = session.student.network.parameters.values[range.lowerBound]
      expected += (1 - kept) * (value - expected)
    }
    let finished = try session.finish().network.parameters
    #expect(finished.values[range.lowerBound] == expected)
    #expect(finished.values != session.student.network.parameters.values)
    // Running statistics do not learn and keep their bits.
    let learned = Set(finished.layout.learnedRanges.flatMap { $0 })
    for index in finished.values.indices where !learned.contains(index) {
      #expect(finished.values[index] == trainer.teacher.parameters.values[index])
    }
  }

  /// Without averages the last step's values are the student's.
  @Test func withoutAverages() throws {
    let session = try StudentSession(TinyTrainer.student(bits: [3]), on: images)
    while !session.isFinished { try session.step() }
    #expect(
      try session.finish().network.parameters.values == session.student.network.parameters.values)
  }

  /// A run that is ended after any step, with or without selector, resumes to the same bits.
  @Test(arguments: [[3], [2, 3, 4]])
  func resumes(bits: [Int]) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/state"
      let trainer = try TinyTrainer.student(bits: bits, budget: bits.count > 1 ? 3 : nil) {
        $0.averaging = 0.9
        $0.warmup = 0.3
      }
      let whole = try trainer.train(on: images).bytes()
      for killed in [1, 4, 5, 9, 12] {
        #expect(throws: Interruption()) {
          _ = try trainer.train(on: images, checkpoint: path) {
            if $0.step == killed { throw Interruption() }
          }
        }
        #expect(try trainer.train(on: images, checkpoint: path).bytes() == whole, "\(killed)")
        try removeFile(path)
      }
    }
  }

  @Test func decaysAreChecked() throws {
    for decay: Float in [-0.1, 1, .nan] {
      #expect(throws: TrainingError.self) {
        try TinyTrainer.student(bits: [3]) { $0.averaging = decay }.check()
      }
    }
  }
}
