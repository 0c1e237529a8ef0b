import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

@Suite struct AdaDFQTests {
  /// Two images of two classes: z_P = (log 3, 0) and (0, 0), z_Q = 0.
  ///
  /// The disagreement and the agreement are both (3/4, 1/4) and (1/2, 1/2). The first has the least
  /// entropy, h = 0, which is 0.1 below the lower margin; the second has h = 1, 0.2 above the upper one.
  @Test func lossByHand() {
    let result = AdaDFQ().evaluate(
      Tensor(shape: [2, 2], elements: [log(3), 0, 0, 0]), Tensor(shape: [2, 2]),
      labels: Tensor(shape: [2, 2], elements: [1, 0, 1, 0]))
    #expect(result.losses.map(\.name) == ["margin", "cross entropy"])
    #expect(abs(result.losses[0].value - (0.1 + 0.2) / 2) < 1e-6)
    #expect(abs(result.losses[1].value - 0.3 * (log(4.0 / 3) + log(2)) / 2) < 1e-6)
    // The slope of a hinge at h = 1 is 1 / span times dH/dz, which is 0 where all classes are equal; the
    // cross entropy leaves 0.3 (p - y) at the teacher and (0.1 - 0.2) (p - y) at the student.
    #expect(abs(result.teacher[2] - 0.3 * -0.5 / 2) < 1e-6)
    #expect(abs(result.student[2] - -0.1 * -0.5 / 2) < 1e-6)
  }

  @Test func gradientsAtTheLogits() {
    var stream = RandomStream(seed: 6, "test")
    let method = AdaDFQ(lowerMargin: 0.35, upperMargin: 0.6)
    let (teacher, student) = (
      stream.tensor([8, 5], deviation: 2), stream.tensor([8, 5], deviation: 2)
    )
    let draw = GDFQ().draw(count: 8, classCount: 5, length: 1, stream: &stream)
    let labels = draw.labels(classCount: 5)
    func loss(_ teacher: [Float], _ student: [Float]) -> Double {
      method.evaluate(
        Tensor(shape: [8, 5], elements: teacher), Tensor(shape: [8, 5], elements: student),
        labels: labels
      ).losses.reduce(0) { $0 + $1.value }
    }
    let result = method.evaluate(teacher, student, labels: labels)
    #expect(result.losses[0].value > 0)
    let along = stream.normals(40)
    let first = directionalDerivative(at: teacher.elements, along: along, step: 1e-3) {
      loss($0, student.elements)
    }
    #expect(abs(dot(result.teacher.elements, along) - first) < 1e-3 * max(1, abs(first)))
    let second = directionalDerivative(at: student.elements, along: along, step: 1e-3) {
      loss(teacher.elements, $0)
    }
    #expect(abs(dot(result.student.elements, along) - second) < 1e-3 * max(1, abs(second)))
  }

  /// The gradient at the images through both networks, where the student is a network of other weights.
  @Test func gradientAtTheImages() throws {
    let (teacher, student) = (try Network.tinyResNet(), try Network.tinyResNet(seed: 2))
    var stream = RandomStream(seed: 7, "test")
    let images = stream.tensor([6, 8, 8, 3])
    let labels = try Tensor.oneHot([0, 1, 2, 3, 0, 1], classCount: 4)
    let executor = FloatExecutor(student)
    func loss(_ images: Tensor) throws -> GeneratorLoss {
      let batch = SyntheticBatch(
        inputs: images, labels: labels, isEasy: [Bool](repeating: true, count: 6))
      let feedback = SourceFeedback(step: 0, batch: batch) { inputs, objectives in
        try executor.run(
          inputs,
          request: PassRequest(
            imageObjectives: objectives, imageGradient: !objectives.isEmpty,
            outputs: [student.graph.output]))
      }
      return try AdaDFQ().loss(batch, teacher: FloatExecutor(teacher), feedback: feedback)
    }
    let along = stream.normals(images.count)
    let found = try directionalDerivative(at: images.elements, along: along, step: 1e-3) {
      try loss(Tensor(shape: images.shape, elements: $0)).total
    }
    let expected = dot(try loss(images).gradient.elements, along)
    #expect(abs(expected - found) < 0.03 * max(1, abs(found)))
  }

  /// Without a student, in the warm-up, the loss is GDFQ's with the factor of its own.
  @Test func warmUpIsThatOfGDFQ() throws {
    let teacher = FloatExecutor(try .tinyResNet())
    var stream = RandomStream(seed: 8, "test")
    let batch = SyntheticBatch(
      inputs: stream.tensor([4, 8, 8, 3]), labels: try Tensor.oneHot([0, 1, 2, 3], classCount: 4),
      isEasy: [Bool](repeating: true, count: 4))
    let own = try AdaDFQ().loss(batch, teacher: teacher, feedback: nil)
    let other = try GDFQ(statisticsWeight: 1).loss(batch, teacher: teacher, feedback: nil)
    #expect(own.gradient == other.gradient && own.total == other.total)
    #expect(AdaDFQ.adaSG.lowerMargin == 0.3 && AdaDFQ.adaSG.disagreementWeight == 0.1)
  }
}
