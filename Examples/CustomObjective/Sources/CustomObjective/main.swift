// A loss for the student in one file: the squared distance between the features of teacher and
// student at some layers (FitNets, Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015,
// equation 3, without a regressor, because both networks have the same shapes).
//
// swift run -c release CustomObjective       (about a minute on two cores)
import DynaDFQ
import Foundation

/// The objective: its settings are its identity in checkpoints.
struct FeatureDistance: StudentObjective {
  static let kind = "feature distance"
  /// The factor of the loss.
  var weight: Float
  /// The layers that are compared, such as `layer3.2.bn2`.
  var layers: [String]

  func teacherLayers(in network: Network) -> [ObservedLayer] { layers.map { .named($0) } }
  func studentLayers(in network: Network) -> [ObservedLayer] { layers.map { .named($0) } }

  func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    try layers.map { layer in
      SquaredDistance(
        target: try batch.teacher(.named(layer)), node: try batch.node(.named(layer)),
        weight: weight)
    }
  }
}

/// The mean squared difference to a target at one layer, for one batch.
struct SquaredDistance: ImageObjective {
  let name = "squared distance"
  /// N and the layer's shape.
  let target: Tensor
  let node: Int
  let weight: Float

  func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
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

let teacher = try Network.pretrained(.resNet20FashionMNIST)
let isSmall = ProcessInfo.processInfo.environment["DYNADFQ_EXAMPLE_SMALL"] != nil
let images = try SoftLabelSynthesizer(
  teacher: teacher,
  configuration: isSmall ? .init(count: 16, imagesPerBatch: 16, steps: 5) : .demo
).synthesize()

// Layers are named as in public checkpoints; the logits of the teacher are still distilled.
let trainer = DynamicTrainer(
  teacher: teacher, quantizer: Quantizer(weightBits: 3, activationBits: [3]),
  objectives: [
    LogitDistillation(), FeatureDistance(weight: 10, layers: ["layer2.2.bn2", "layer3.2.bn2"]),
  ],
  configuration: isSmall ? .init(steps: 4, imagesPerStep: 8) : .demo)
let student = try trainer.train(on: images) { progress in
  if progress.step % 50 == 0 || progress.step == progress.steps {
    let losses = progress.losses.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    print("step \(progress.step): \(losses)")
  }
}
let summary = try trainer.summary(of: student, on: images)
print("agrees with the teacher on \(summary.agreement) of \(summary.imageCount) images")
