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
