import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

@Suite struct ObjectiveTests {
  private func evaluate(
    _ objective: some ImageObjective, _ value: [Float], image: Int = 0
  ) -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: value.count)
    let loss = value.withUnsafeBufferPointer { value in
      gradient.withUnsafeMutableBufferPointer {
        objective.evaluate(image: image, value: value, gradient: $0, scale: 1)
      }
    }
    return (loss, gradient)
  }

  /// The gradient against central differences along a random direction.
  private func checkGradient(_ objective: some ImageObjective, _ value: [Float], seed: UInt64) {
    var stream = RandomStream(seed: seed, "direction")
    let direction = stream.normals(value.count)
    let gradient = evaluate(objective, value).gradient
    let expected = directionalDerivative(at: value, along: direction, step: 1e-2) {
      evaluate(objective, $0).loss
    }
    let scale = (dot(gradient, gradient) * dot(direction, direction)).squareRoot()
    // The third derivative times the step squared, 1e-4, and the rounding of the moved values.
    #expect(abs(dot(gradient, direction) - expected) < 1e-3 * scale)
  }

  @Test func crossEntropy() {
    let labels = Tensor(shape: [2, 2], elements: [1, 0, 0.25, 0.75])
    // The softmax of (0, ln 3) is (1/4, 3/4).
    let logits: [Float] = [0, log(3)]
    let objective = CrossEntropy(labels: labels, node: 0)
    let hard = evaluate(objective, logits, image: 0)
    #expect(abs(hard.loss - log(4.0)) < 1e-7)
    #expect(largestDifference(hard.gradient, [-0.75, 0.75]) < 1e-6)
    let soft = evaluate(objective, logits, image: 1)
    #expect(abs(soft.loss - (0.25 * log(4.0) + 0.75 * log(4.0 / 3))) < 1e-7)
    #expect(largestDifference(soft.gradient, [0, 0]) < 1e-6)
    let far = evaluate(objective, [1000, 0], image: 0)
    #expect(far.loss == 0 && far.gradient == [0, 0])
    var stream = RandomStream(seed: 1)
    checkGradient(
      CrossEntropy(labels: Tensor(shape: [1, 5], elements: [0.1, 0.2, 0.3, 0.4, 0]), node: 0),
      stream.normals(5), seed: 1)
  }

  /// (1, 3) against (0, 1): (1 + 4) / 2, with the gradient (2 * 1 / 2, 2 * 2 / 2).
  @Test func squaredError() {
    let targets = Tensor(shape: [2, 2], elements: [7, 7, 0, 1])
    let found = evaluate(SquaredError(targets: targets, node: 0), [1, 3], image: 1)
    #expect(found.loss == 2.5)
    #expect(found.gradient == [1, 2])
    var stream = RandomStream(seed: 5)
    // Whole stretches, whole lanes and a rest.
    for count in [1, 8, 21, 1024, 2053] {
      checkGradient(
        SquaredError(targets: stream.tensor([1, count]), node: 0), stream.normals(count), seed: 5)
    }
    #expect(throws: NetworkError.self) {
      try SquaredError(targets: targets, node: 0).check(batch: 2, shape: [3])
    }
  }

  /// At temperature 1: KL((1/4, 3/4) || (1/2, 1/2)).
  @Test func distillation() {
    let teacher = Tensor(shape: [1, 2], elements: [0, log(3)])
    let objective = Distillation(teacherLogits: teacher, node: 0, temperature: 1)
    let found = evaluate(objective, [2, 2])
    #expect(abs(found.loss - (0.25 * log(0.5) + 0.75 * log(1.5))) < 1e-7)
    #expect(largestDifference(found.gradient, [0.25, -0.25]) < 1e-6)
    #expect(abs(evaluate(objective, teacher.elements.map { $0 + 5 }).loss) < 1e-6)
    var stream = RandomStream(seed: 2)
    checkGradient(
      Distillation(
        teacherLogits: Tensor(shape: [1, 5], elements: stream.normals(5)), node: 0, temperature: 2),
      stream.normals(5), seed: 2)
  }

  /// Attention (3, 4) / 5 of the teacher against (1, 0) of the student, mean over two channels.
  @Test func featureAlignment() {
    let teacher = Tensor(
      shape: [1, 1, 1, 2], elements: [Float(3).squareRoot(), 2])
    let objective = FeatureAlignment(teacherFeatures: teacher, node: 0)
    #expect(abs(evaluate(objective, [7, 0]).loss - (0.16 + 0.64) / 2) < 1e-6)
    // Attention does not depend on magnitude or sign.
    #expect(evaluate(objective, [-2 * Float(3).squareRoot(), 4]).loss < 1e-12)
    var stream = RandomStream(seed: 3)
    let features = stream.tensor([1, 2, 3, 4])
    checkGradient(
      FeatureAlignment(teacherFeatures: features, node: 0), stream.normals(24), seed: 3)
  }

  @Test func batchNormStatisticsByHand() {
    func loss(_ comparison: BatchNormStatistics.Comparison) -> MomentLoss {
      BatchNormStatistics(
        targetMean: [1, 0], targetVariance: [5, 1], comparison: comparison, node: 0, weight: 1
      ).evaluate(mean: [3, 1], variance: [2, 3], count: 4)
    }
    // ((3-1)^2 + (2-5)^2 + (1-0)^2 + (3-1)^2) / 2 channels.
    let batch = loss(.batchVariance)
    #expect(batch.value == 9)
    #expect(batch.meanGradient == [2, 1])
    #expect(batch.varianceGradient == [-3, 2])
    // Unbiased variances 8/3 and 4, 1e-6 under every root, sums over channels.
    let image = loss(.imageDeviation)
    let first = (8.0 / 3 + 1e-6).squareRoot() - (5 + 1e-6).squareRoot()
    let second = (4 + 1e-6).squareRoot() - (1 + 1e-6).squareRoot()
    #expect(abs(image.value - (4 + first * first + 1 + second * second)) < 1e-12)
    #expect(image.meanGradient == [4, 2])
  }

  /// Both BN statistics losses over a whole network, with the additional loss at the input for deviations, against a loss computed in double precision by the definition and its differences.
  @Test(arguments: BatchNormStatistics.Comparison.allCases)
  func batchNormStatistics(comparison: BatchNormStatistics.Comparison) throws {
    let network = try Network.tinyResNet()
    let batch = 3
    var stream = RandomStream(seed: 4)
    let images = stream.tensor([batch, 8, 8, 3])
    let reference = ReferenceNetwork(network.graph)
    let parameters = network.parameters.values.map(Double.init)

    func loss(_ x: [Double]) -> Double {
      let values = reference.values(
        images: x, batch: batch, parameters: parameters, training: false)
      var total = 0.0
      func add(_ value: [Double], mean: [Double], variance: [Double]) {
        let channels = mean.count
        switch comparison {
        case .batchVariance:
          let found = ReferenceNetwork.moments(value, channels: channels)
          for c in 0..<channels {
            total +=
              (pow(found.0[c] - mean[c], 2) + pow(found.1[c] - variance[c], 2))
              / Double(channels * network.graph.batchNorms.count)
          }
        case .imageDeviation:
          let size = value.count / batch
          for image in 0..<batch {
            let own = Array(value[image * size..<(image + 1) * size])
            let found = ReferenceNetwork.moments(own, channels: channels)
            let unbiased = Double(size / channels) / Double(size / channels - 1)
            for c in 0..<channels {
              let deviation = (found.1[c] * unbiased + 1e-6).squareRoot()
              total +=
                (pow(found.0[c] - mean[c], 2)
                  + pow(deviation - (variance[c] + 1e-6).squareRoot(), 2)) / Double(batch)
            }
          }
        }
      }
      for position in network.graph.batchNorms {
        func parameter(_ role: ParameterLayout.Role) -> [Double] {
          network.parameters.tensor(node: position, role)!.elements.map(Double.init)
        }
        add(
          values[network.graph.nodes[position].inputs[0]], mean: parameter(.runningMean),
          variance: parameter(.runningVariance))
      }
      if comparison == .imageDeviation { add(values[0], mean: [0, 0, 0], variance: [1, 1, 1]) }
      return total
    }

    let weight: Float = 0.5
    let x = images.elements.map(Double.init)
    let value = Double(weight) * loss(x)
    let direction = stream.normals(images.count)
    let ahead = zip(x, direction).map { $0 + 1e-6 * Double($1) }
    let behind = zip(x, direction).map { $0 - 1e-6 * Double($1) }
    let expected = Double(weight) * (loss(ahead) - loss(behind)) / 2e-6
    for execution in ExecutionVariant.all {
      let response = try Executor(plan: Plan(network.graph), context: execution.context).run(
        images: images, parameters: network.parameters.values,
        request: .init(
          momentObjectives: try network.batchNormStatistics(comparison: comparison, weight: weight),
          imageGradient: true))
      #expect(abs(response.totalLoss / value - 1) < 1e-5, "\(execution)")
      let gradient = response.imageGradient!.elements
      let scale = (dot(gradient, gradient) * dot(direction, direction)).squareRoot()
      // Single precision over eight layers.
      #expect(abs(dot(gradient, direction) - expected) < 1e-4 * scale, "\(execution)")
    }
  }

  @Test func needsBatchNorm() throws {
    let network = try LayerCase.all.first { $0.description == "linear" }!.network()
    #expect(throws: NetworkError.self) { _ = try network.batchNormStatistics() }
    #expect {
      try network.checkTeacher()
    } throws: { error in
      // A switch over the typed error in a catch crashes this compiler (6.3.1).
      "\(error)".contains("batch norm")
    }
  }

  @Test func labelsOutOfRange() throws {
    #expect(throws: NetworkError.labelOutOfRange(label: 3, classes: 3)) {
      _ = try Tensor.oneHot([0, 3], classCount: 3)
    }
    #expect(throws: NetworkError.labelOutOfRange(label: -1, classes: 3)) {
      _ = try Tensor.oneHot([-1], classCount: 3)
    }
    #expect(try Tensor.oneHot([2, 0], classCount: 3).elements == [0, 0, 1, 1, 0, 0])
  }
}
