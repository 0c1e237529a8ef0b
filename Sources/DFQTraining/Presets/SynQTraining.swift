import DFQEngine
import DFQSynthesis

extension DynamicTrainer.Configuration {
  /// The training of SynQ (Kim et al., ICLR 2025) on ImageNet, at the published amount of work: 97 epochs of
  /// 200 steps of 4 images, filtered, and the same images perturbed.
  ///
  /// The published rate falls to a tenth in the last epoch only. The images of `HardSampleMethod.imageNet`,
  /// the objectives `.synQ` and `Quantizer.family(weightBits:activationBits:)` belong to it.
  public static var synQ: DynamicTrainer.Configuration {
    .init(
      steps: 19_400, imagesPerStep: 4, learningRate: 1e-6,
      schedule: .milestones([96 / 97], decay: 0.1), mixup: .none, lowPass: .published,
      perturbation: Perturbation())
  }
}

/// The objectives of SynQ.
extension [any StudentObjective] {
  /// ``LogitDistillation``, ``AttentionAlignment``, ``ActivationMapAlignment`` and ``EasyCrossEntropy`` with
  /// the weights of the official script for ImageNet.
  public static var synQ: [any StudentObjective] {
    [
      LogitDistillation(), AttentionAlignment(weight: 4000), ActivationMapAlignment(),
      EasyCrossEntropy(),
    ]
  }
}
