import DFQEngine
import DFQTensor

/// Labels that learn with an Adam of their own, from the spread of their entropies and from the
/// teacher's logits.
struct RefinedLabelTargets: LabelTargets {
  private var refinement: LabelRefinement
  private var adam: Adam
  private(set) var labels: Tensor?

  init(_ refinement: LabelRefinement) {
    self.refinement = refinement
    adam = Adam(count: refinement.parameters.count)
    labels = refinement.labels
  }

  var finalLabels: LabelBatch? { refinement.labelBatch }

  mutating func learn(
    logits: Tensor, labelWeight: Float, rateShare: Float, context: ExecutionContext
  ) throws -> [NamedLoss] {
    let settings = refinement.settings
    // The cross entropy is linear in the label: its gradient at label k is -log p_k.
    let atLabels =
      settings.learnsFromCrossEntropy
      ? LabelBatch.logProbabilities(logits).map {
        -$0 * Double(labelWeight) / Double(refinement.count)
      } : nil
    let (loss, gradient) = refinement.lossAndGradient(labelGradient: atLabels)
    try adam.step(
      &refinement.parameters, gradient: gradient, rate: settings.learningRate * rateShare,
      context: context)
    labels = refinement.labels
    return [("label entropy", loss * Double(settings.entropyWeight))]
  }
}
