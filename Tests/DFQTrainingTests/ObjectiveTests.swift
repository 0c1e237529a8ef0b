import DFQTestSupport
import DynaDFQ
import Testing

/// What a newcomer writes: one type, public API only, in one file.
///
/// The squared distance between
/// the features of teacher and student at one layer, mean over its elements.
private struct OneLayerDistance: StudentObjective {
  static let kind = "one layer's distance"
  var layer = "layer2.0.bn2"
  var weight: Float = 10

  func teacherLayers(in network: Network) -> [ObservedLayer] { [.named(layer)] }
  func studentLayers(in network: Network) -> [ObservedLayer] { [.named(layer)] }

  func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    [
      Distance(
        target: try batch.teacher(.named(layer)), node: try batch.node(.named(layer)),
        weight: weight)
    ]
  }

  private struct Distance: ImageObjective {
    let name = "distance"
    let target: Tensor
    let node: Int
    let weight: Float

    func evaluate(
      image: Int, value: UnsafeBufferPointer<Float>,
      gradient: UnsafeMutableBufferPointer<Float>, scale: Float
    ) -> Double {
      let share = 1 / Float(value.count)
      var loss = 0.0
      for index in value.indices {
        let difference = value[index] - target[image * value.count + index]
        loss += Double(difference * difference * share)
        gradient[index] += scale * 2 * share * difference
      }
      return loss
    }
  }
}

/// Looks at a layer that it does not declare.
private struct Undeclared: StudentObjective {
  static let kind = "undeclared"
  var asksTeacher: Bool

  func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    let layer = ObservedLayer.named("layer1.0.bn1")
    if asksTeacher { _ = try batch.teacher(layer) }
    return [
      SquaredDistance(
        target: Tensor(shape: [batch.count, 1024]), node: try batch.node(layer), weight: 1)
    ]
  }
}

@Suite struct StudentObjectiveTests {
  private let images = SyntheticImages.random(30)

  private func losses(
    _ objectives: [any StudentObjective], bits: [Int] = [2], steps: Int = 12
  ) throws -> [[NamedLoss]] {
    var result: [[NamedLoss]] = []
    _ = try TinyTrainer.student(bits: bits, objectives: objectives) {
      $0.steps = steps
      $0.learningRate = 1e-4
      $0.mixup = .none
      $0.augmentation = false
    }.train(on: images) { result.append($0.losses) }
    return result
  }

  @Test func named() throws {
    let steps = try losses(.standard)
    #expect(steps.count == 12)
    #expect(steps.allSatisfy { $0.map { $0.name } == ["cross entropy", "distillation"] })
    let features = try losses([OneLayerDistance(), LogitDistillation()])
    #expect(features.allSatisfy { $0.map { $0.name } == ["one layer's distance", "distillation"] })
    #expect(features.allSatisfy { $0[0].value > 0 })
  }

  /// The distance, without labels and distillation, pulls the student to the teacher.
  @Test func aNewObjectiveLearns() throws {
    for objective in [
      OneLayerDistance(weight: 2000) as any StudentObjective,
      AttentionAlignment(layers: ["layer1.0.bn2", "layer3.0.bn2"], weight: 20000),
      FeatureDistance(weight: 300),
    ] {
      let steps = try losses([objective], steps: 60).map { $0[0].value }
      let first = steps.prefix(10).reduce(0, +)
      let last = steps.suffix(10).reduce(0, +)
      // Measured 0.5 and less; an objective without a gradient would stay at 1.
      #expect(last < 0.85 * first, "\(objective.name): \(last / first)")
    }
  }

  /// The value that progress shows is the one that the float networks give: the student with 8-bit
  /// grids is close to its teacher, one with 2 bits is not.
  @Test func valuesFollowTheBits() throws {
    let objective = OneLayerDistance()
    let fine = try losses([objective], bits: [8], steps: 1)[0][0].value
    let coarse = try losses([objective], bits: [2], steps: 1)[0][0].value
    #expect(fine < coarse)
  }

  @Test func layersAreChecked() throws {
    func error(_ objective: any StudentObjective) -> NetworkError? {
      do {
        _ = try losses([objective])
        return nil
      } catch {
        return error as? NetworkError
      }
    }
    #expect(error(OneLayerDistance(layer: "nowhere")) == .noSuchLayer(name: "nowhere"))
    #expect(error(FeatureDistance(layers: ["nowhere"])) == .noSuchLayer(name: "nowhere"))
    for asksTeacher in [true, false] {
      #expect(
        error(Undeclared(asksTeacher: asksTeacher)) == .notObserved(layer: "layer1.0.bn1"))
    }
  }

  /// Roles and names mean the same nodes.
  @Test func roles() throws {
    let network = try Network.tinyResNet()
    #expect(try ObservedLayer.logits.node(in: network) == network.graph.output)
    let classifier = try network.classifier().node
    #expect(
      try ObservedLayer.features.node(in: network) == network.graph.nodes[classifier].inputs[0])
    let name = network.graph.nodes[3].name
    #expect(try ObservedLayer.named(name).node(in: network) == 3)
  }

  /// Without layers, a distance of features looks at the output of every activation function.
  @Test func allFeatures() throws {
    let network = try Network.tinyResNet()
    let all = FeatureDistance()
    try all.check(for: network)
    let names = network.graph.nodes.filter { $0.layer is Activation }.map(\.name)
    #expect(!names.isEmpty && all.teacherLayers(in: network) == names.map { .named($0) })
    let twice = FeatureDistance(layers: [names[0], names[0]])
    for bad in [twice, FeatureDistance(layers: [ObservedLayer]())] {
      #expect(throws: TrainingError.self) { try bad.check(for: network) }
    }
  }

  /// Without an objective that asks the teacher, training needs no teacher's values.
  @Test func labelsOnly() throws {
    let steps = try losses([LabelCrossEntropy()])
    #expect(steps[0].map { $0.name } == ["cross entropy"])
  }
}
