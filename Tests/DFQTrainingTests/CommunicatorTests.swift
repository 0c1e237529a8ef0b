import DFQTestSupport
import DynaDFQ
import Testing

/// Whole trainings that several processes share: calibration, steps, selectors and budgets give the
/// same bits as in one process.
@Suite struct SharedTrainingTests {
  private let images = SyntheticImages.random(30)

  @Test(arguments: [2, 3])
  func students(processes: Int) throws {
    let images = images
    let expected = try TinyTrainer.student(budget: 3, threads: 2).train(on: images).bytes()
    let found = LocalProcesses(processes).run { link in
      try TinyTrainer.student(budget: 3, threads: 2, communicator: link).train(on: images).bytes()
    }
    for result in found { #expect(try result.get() == expected) }
  }

  /// The first process writes the checkpoint; another number of processes continues it to the same bits.
  ///
  /// A process with other settings, or without the checkpoint, is refused by all.
  @Test func checkpoints() throws {
    let images = images
    let expected = try TinyTrainer.student(budget: 3, threads: 1).train(on: images).bytes()
    try withTemporaryDirectory { directory in
      struct Stop: Error {}
      let path = directory + "/state"
      for result in LocalProcesses(3).run({ link in
        try TinyTrainer.student(budget: 3, threads: 1, communicator: link)
          .train(on: images, checkpoint: path) { if $0.step == 2 { throw Stop() } }
      }) { #expect(throws: Stop.self) { try result.get() } }
      for result in LocalProcesses(2).run({ link in
        try TinyTrainer.student(budget: 3, threads: 1, communicator: link)
          .train(on: images, checkpoint: link.rank == 0 ? path : path + ".none")
      }) { #expect(throws: CommunicatorError.self) { try result.get() } }
      for result in LocalProcesses(2).run({ link in
        try TinyTrainer.student(budget: link.rank == 0 ? 3 : 4, threads: 1, communicator: link)
          .train(on: images)
      }) { #expect(throws: CommunicatorError.self) { try result.get() } }
      for result in LocalProcesses(2).run({ link in
        try TinyTrainer.student(budget: 3, threads: 1, communicator: link)
          .train(on: images, checkpoint: path).bytes()
      }) {
        let found = try result.get()
        #expect(found == expected)
      }
    }
  }

  /// A connection that is lost at any call of a step ends the training with its error: no sum is
  /// taken over what never came.
  @Test func lostInAStep() throws {
    let images = images
    func steps(_ links: LocalProcesses) -> [Result<Int, any Error>] {
      links.run { link in
        let session = try StudentSession(
          try TinyTrainer.student(budget: 3, threads: 1, communicator: link), on: images)
        _ = try session.step()
        return session.stepsDone
      }
    }
    let whole = LocalProcesses(2)
    #expect(try steps(whole).map { try $0.get() } == [1, 1])
    let calls = whole.callCount(0)
    #expect(calls > 4)
    for call in calls - 4..<calls {
      for result in steps(LocalProcesses(2, failsAt: call)) {
        #expect(throws: LocalProcesses.Lost.self, "call \(call)") { try result.get() }
      }
    }
  }

  @Test func teachers() throws {
    let network = try Network.tinyResNet()
    let set = SyntheticImages.random(16)
    @Sendable func trained(_ context: ExecutionContext) throws -> [Float] {
      let session = try TeacherSession(network, context: context)
      for _ in 0..<3 {
        _ = try session.step(images: set.images, labels: set.labels, learningRate: 0.05)
      }
      return session.network.parameters.values
    }
    let expected = try trained(.init(threads: 1))
    let found = LocalProcesses(2).run { link in
      try trained(.init(threads: 1, communicator: link))
    }
    for result in found { #expect(try result.get() == expected) }
  }
}
