import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct TeacherTrainerTests {
  private func trainer(
    epochs: Int = 6, rate: Float = 0.1, threads: Int = 2, seed: UInt64 = 1
  ) -> TeacherTrainer {
    TeacherTrainer(
      architecture: Architecture(
        .cifarResNet(depth: 8, projection: false), imageShape: [8, 8, 3], classCount: 4),
      configuration: .init(
        epochs: epochs, imagesPerStep: 16, learningRate: rate, shift: 1, flip: false, seed: seed),
      context: .init(threads: threads))
  }

  @Test func learns() throws {
    let images = CornerImages(count: 130)
    var losses: [Double] = []
    var steps: [Int] = []
    let network = try trainer().train(on: images) {
      losses.append($0.loss)
      steps.append($0.step)
    }
    #expect(steps == Array(1...48))
    let first: Double = losses.prefix(5).reduce(0, +)
    let last: Double = losses.suffix(5).reduce(0, +)
    #expect(last < 0.7 * first)
    let predictions = try FloatExecutor(network).logits(of: images).argmaxOfRows()
    let hits = zip(predictions, images.labels).filter { $0 == $1 }.count
    // The corners differ by more than the noise, so nearly all can be told apart.
    #expect(hits > 117)
    try network.checkTeacher()
  }

  @Test func sameBitsForAnyNumberOfThreads() throws {
    let images = CornerImages(count: 50)
    let networks = try [1, 2, 3].map { try trainer(epochs: 2, threads: $0).train(on: images) }
    #expect(networks[0].parameters == networks[1].parameters)
    #expect(networks[0].parameters == networks[2].parameters)
    let other = try trainer(epochs: 2, seed: 2).train(on: images)
    #expect(other.parameters != networks[0].parameters)
  }

  @Test func resumes() throws {
    let images = CornerImages(count: 50)
    try withTemporaryDirectory { directory in
      let (path, half) = (directory + "/state", directory + "/half")
      let whole = try trainer(epochs: 4).train(on: images, checkpoint: path) {
        // Three steps an epoch: in step 7 the file is that of step 6.
        if $0.step == 7 { try? copyFile(path, to: half) }
      }
      var first = 0
      let resumed = try trainer(epochs: 4).train(on: images, checkpoint: half) {
        if first == 0 { first = $0.step }
      }
      #expect(first == 7)
      #expect(resumed.parameters == whole.parameters)
      let plain = try trainer(epochs: 4).train(on: images)
      #expect(plain.parameters == whole.parameters)
      // A finished run comes back at once.
      let again = try trainer(epochs: 4).train(on: images, checkpoint: path) { _ in
        Issue.record("a step of a finished run")
      }
      #expect(again.parameters == whole.parameters)
      #expect(
        throws: TrainingError.otherRun(
          path: half, setting: "configuration.epochs", saved: "4", current: "5")
      ) {
        _ = try trainer(epochs: 5).train(on: images, checkpoint: half)
      }
      #expect(
        throws: TrainingError.otherRun(
          path: half, setting: "images.count", saved: "50", current: "49")
      ) {
        _ = try trainer(epochs: 4).train(on: CornerImages(count: 49), checkpoint: half)
      }
    }
  }

  @Test func whatCannotBeTrained() throws {
    func error(_ trainer: TeacherTrainer, _ images: CornerImages) -> (any Error)? {
      do {
        _ = try trainer.train(on: images)
        return nil
      } catch {
        return error
      }
    }
    #expect(error(trainer(epochs: 0), CornerImages(count: 50)) is TrainingError)
    #expect(error(trainer(rate: .nan), CornerImages(count: 50)) is TrainingError)
    #expect(error(trainer(), CornerImages(count: 15)) is TrainingError)
    if case NetworkError.lossNotFinite(let what, _, _)? = error(
      trainer(rate: 1e30), CornerImages(count: 50))
    {
      #expect(what == "teacher training")
    } else {
      Issue.record("a rate of 1e30 went unnoticed")
    }
  }
}
