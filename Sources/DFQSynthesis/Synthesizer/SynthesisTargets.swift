import DFQEngine
import DFQGraph
import DFQTensor

/// The labels of one batch while its images are synthesized: fixed, or learning with their own
/// Adam.
struct SynthesisTargets {
  /// The current labels, N C.
  private(set) var labels: Tensor
  private let fixed: LabelBatch?
  private var refinement: LabelRefinement?
  private var adam: Adam
  private let labelWeight: Double

  init(_ synthesizer: SoftLabelSynthesizer, batch: Int, count: Int) throws {
    let configuration = synthesizer.configuration
    var stream = RandomStream(seed: configuration.seed, "labels", batch)
    labelWeight = Double(configuration.labelWeight)
    if let refined = synthesizer.strategy as? RefinedLabels, !configuration.isUnlabelled {
      let refinement = try LabelRefinement(
        refined, count: count, network: synthesizer.teacher, stream: &stream)
      labels = refinement.labels
      fixed = nil
      adam = Adam(count: refinement.parameters.count)
      self.refinement = refinement
    } else {
      let batch = try synthesizer.strategy.labels(
        count: count, network: synthesizer.teacher, stream: &stream)
      try batch.check(
        count: count, classes: synthesizer.teacher.classCount,
        source: "\(type(of: synthesizer.strategy))")
      labels = batch.labels
      fixed = batch
      adam = Adam(count: 0)
    }
  }

  /// Moves learning labels one step, given the teacher's logits N C and the schedule's current
  /// share of the first rate; returns the entropy loss without and with its weight.
  mutating func step(logits: Tensor, share: Float) throws -> (value: Double, weighted: Double) {
    guard var moved = refinement else { return (0, 0) }
    let settings = moved.settings
    // The cross entropy is linear in the label: its gradient at label k is -log p_k.
    let atLabels =
      settings.learnsFromCrossEntropy
      ? LabelBatch.logProbabilities(logits).map { -$0 * labelWeight / Double(moved.count) } : nil
    let (loss, gradient) = moved.lossAndGradient(labelGradient: atLabels)
    try adam.step(&moved.parameters, gradient: gradient, rate: settings.learningRate * share)
    refinement = moved
    labels = moved.labels
    return (loss, loss * Double(settings.entropyWeight))
  }

  /// The labels the finished images are stored with.
  var final: LabelBatch { refinement?.labelBatch ?? fixed! }
}
