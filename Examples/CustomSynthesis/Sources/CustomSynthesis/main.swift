// A synthesis method in one file, written as if the library's ZeroQ were not there (Cai et al.,
// "ZeroQ: A Novel Zero Shot Quantization Framework", CVPR 2020, equation 3). Each image on its own
// is made to have the mean and the deviation that batch norm remembers; there are no labels.
//
// A method of the library has one line more, in MethodCatalogue: see Documentation/Methods.
//
// swift run -c release CustomSynthesis       (about a minute on two cores)
import DynaDFQ
import Foundation

/// The method: its settings are its identity in checkpoints.
struct ImageByImage: SynthesisMethod {
  static let kind = "image by image"
  /// What the library's catalogue would say of it; a method of your own needs none.
  static let summary = MethodSummary(
    "Every image on its own has the mean and deviation of batch norm; no labels.",
    reference: .init("Cai et al.", "ZeroQ: A Novel Zero Shot Quantization Framework", "CVPR", 2020))
  /// The factor of the loss.
  var weight: Float = 1

  func check(_ network: Network) throws { try network.checkTeacher() }

  /// One loss per batch norm, at its input, and one at the image, which should have mean 0 and
  /// deviation 1.
  func targets(_ batch: SynthesisBatch, stream: inout RandomStream) throws -> StatisticsTargets {
    let network = batch.network
    var statistics: [any MomentObjective] = network.graph.batchNorms.map { norm in
      ImageStatistics(
        mean: network.parameters.tensor(node: norm, .runningMean)!.elements.map(Double.init),
        variance: network.parameters.tensor(node: norm, .runningVariance)!.elements
          .map(Double.init),
        node: network.graph.nodes[norm].inputs[0], weight: weight)
    }
    let channels = network.imageShape.dimensions.last!
    statistics.append(
      ImageStatistics(
        mean: [Double](repeating: 0, count: channels),
        variance: [Double](repeating: 1, count: channels), node: 0, weight: weight))
    return StatisticsTargets(statistics: statistics)
  }

  /// The same losses in every step.
  func objectives(
    step: Int, targets: StatisticsTargets, batch: SynthesisBatch
  ) -> SynthesisObjectives {
    SynthesisObjectives(moments: targets.statistics)
  }
}

/// The squared distance of an image's mean and deviation at one layer to those of batch norm,
/// summed over channels.
struct ImageStatistics: MomentObjective {
  let name = "image statistics"
  let isPerImage = true
  let mean: [Double]
  let variance: [Double]
  let node: Int
  let weight: Float

  func evaluate(mean: [Double], variance: [Double], count: Int) -> MomentLoss {
    var loss = MomentLoss(value: 0, meanGradient: [], varianceGradient: [])
    let unbiased = count > 1 ? Double(count) / Double(count - 1) : 1
    for channel in mean.indices {
      let deviation = (variance[channel] * unbiased + 1e-6).squareRoot()
      let atMean = mean[channel] - self.mean[channel]
      let atDeviation = deviation - (self.variance[channel] + 1e-6).squareRoot()
      loss.value += atMean * atMean + atDeviation * atDeviation
      loss.meanGradient.append(2 * atMean)
      loss.varianceGradient.append(atDeviation / deviation * unbiased)
    }
    return loss
  }
}

let teacher = try Network.pretrained(.resNet20FashionMNIST)
let isSmall = ProcessInfo.processInfo.environment["DYNADFQ_EXAMPLE_SMALL"] != nil
let steps = isSmall ? 10 : 100
let images = try Synthesizer(
  teacher: teacher, method: ImageByImage(),
  configuration: .init(
    count: 64, imagesPerBatch: 64, steps: steps, learningRate: 0.5, patience: 100)
).synthesize { progress in
  if progress.step % 10 == 0 { print("step \(progress.step): loss \(progress.totalLoss)") }
}
let entropy = images.difficulty.reduce(0) { $0 + $1.predictionEntropy } / Float(images.count)
print("\(images.count) images; mean entropy of the teacher's predictions over log C: \(entropy)")
