import DFQEngine

extension DynamicTrainer.Configuration {
  /// The training of AIT (Choi et al., CVPR 2022) on CIFAR, at the published amount of work: 396 epochs of
  /// 200 steps of 200 images, without weight decay.
  ///
  /// Rates fall to a tenth in epochs 100, 200 and 300, which are counted from the start of the published
  /// warm-up of four epochs. The objectives `.allInTheTeacher(classCount:)`, the rule
  /// ``GradientInundation`` and `Quantizer.family(weightBits:activationBits:)` belong to it; images come
  /// from a generator, which crops and flips none.
  public static var allInTheTeacher: DynamicTrainer.Configuration {
    .init(
      steps: 79_200, imagesPerStep: 200, learningRate: 1e-4,
      schedule: .milestones([96 / 396, 196 / 396, 296 / 396], decay: 0.1), mixup: .none,
      augmentation: false, weightDecay: 0)
  }
}

/// The objectives of AIT.
extension [any StudentObjective] {
  /// ``LogitDistillation`` alone, without a cross entropy with labels: AIT (Choi et al., CVPR 2022).
  ///
  /// The official code takes the mean over classes where others sum over them, which is a weight of
  /// T^2 / C at temperature T = 20: 40 for ten classes.
  public static func allInTheTeacher(classCount: Int) -> [any StudentObjective] {
    [LogitDistillation(weight: 400 / Float(classCount), temperature: 20)]
  }
}
