// A label strategy of your own: each image is half of its class and half of the class that the
// teacher confuses least with it. Are implausible mixtures harder or easier to quantize than the
// plausible ones of `SoftLabels()`?
//
// swift run -c release CustomLabels       (about two minutes on two cores)
import DynaDFQ
import Foundation

/// Every image is half of its class and half of the class least similar to it.
struct OppositePairs: LabelStrategy {
  static let kind = "opposite pairs"

  func labels(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> LabelBatch {
    let similarity = try ClassSimilarity(network, measure: .cosine)
    let classes = network.classCount
    let anchors = (0..<count).map { _ in stream.integer(below: classes) }
    let supports = anchors.map { [$0, similarity.nearest(to: $0).last!] }
    var labels = Tensor(shape: [count, classes])
    for (image, support) in supports.enumerated() {
      for member in support { labels[image * classes + member] = 0.5 }
    }
    return LabelBatch(
      labels: labels, isEasy: [Bool](repeating: false, count: count), anchors: anchors,
      supports: supports)
  }
}

let teacher = try Network.pretrained(.resNet20FashionMNIST)
let strategies: [(String, any LabelStrategy)] = [
  ("similar classes", SoftLabels()), ("opposite pairs", OppositePairs()),
]
let isSmall = ProcessInfo.processInfo.environment["DYNADFQ_EXAMPLE_SMALL"] != nil
for (name, strategy) in strategies {
  var configuration = SoftLabelSynthesizer.Configuration.demo
  if isSmall { configuration = .init(count: 32, imagesPerBatch: 32, steps: 4) }
  configuration.labels = strategy
  let images = try SoftLabelSynthesizer(
    teacher: teacher, configuration: configuration
  ).synthesize()
  let student = try DynamicTrainer(
    teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [4]),
    configuration: isSmall ? .init(steps: 4, imagesPerStep: 16) : .demo
  ).train(on: images)
  let test = RealSubset(try FashionMNIST(.test), first: isSmall ? 200 : 10_000)
  let report = try student.evaluate(on: test, teacher: teacher)
  let entropy = images.difficulty.reduce(0) { $0 + $1.predictionEntropy } / Float(images.count)
  print("\(name): \(images.count) images, mean entropy \(entropy), W4A4 \(report.accuracy)")
}
