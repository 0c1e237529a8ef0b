import DFQEngine
import DFQQuantization

extension DynamicTrainer.Configuration {
  /// The training of HAST (Li et al., CVPR 2023) on CIFAR, at the published amount of work: 147 epochs
  /// of 200 steps, in each 64 images and the same images perturbed.
  ///
  /// Rates fall to a tenth in epochs 20, 40 and 60, which are counted from the start of the published
  /// calibration of four epochs. `Quantizer.family(weightBits:activationBits:)` and the objectives
  /// `.hardSamples` belong to it.
  public static var hardSamples: DynamicTrainer.Configuration {
    .init(
      steps: 29_400, imagesPerStep: 64, learningRate: 1e-5,
      schedule: .milestones([16 / 147, 36 / 147, 56 / 147], decay: 0.1), mixup: .none,
      perturbation: Perturbation())
  }
}

/// The objectives of HAST.
extension [any StudentObjective] {
  /// ``LogitDistillation`` and ``AttentionAlignment`` with the weights for CIFAR-10, without a cross
  /// entropy with labels: HAST (Li et al., CVPR 2023) as published.
  public static var hardSamples: [any StudentObjective] {
    [LogitDistillation(), AttentionAlignment()]
  }
}
