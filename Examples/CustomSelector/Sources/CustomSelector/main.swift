// A selector in one file: one decision per image, taken by a threshold on a statistic of one layer.
// An image whose channels vary little at that layer is computed with the fewest bits from there on,
// any other with the most. The threshold is fitted to synthetic images; no gradient is needed.
//
// swift run -c release CustomSelector       (about two minutes on two cores)
import DynaDFQ
import Foundation

/// Looks at the mean, over channels, of the standardized deviation of one quantized output.
struct DeviationThreshold: BitDecider {
  static let kind = "deviation threshold"
  /// The quantized output that is looked at.
  var output: Int
  /// The share of the synthetic images that get few bits before the price of bits is set.
  var easyShare = 0.5

  var learning: DeciderLearning { .fitted }

  /// One decision, for every later output whose bits can be chosen.
  func sites(in setting: DecisionSetting) throws -> [DecisionSite] {
    [
      DecisionSite(
        at: setting.outputs[output],
        governs: setting.outputs.filter { $0.isDynamic && $0.index > output }.map(\.index),
        candidates: [setting.candidates.first!, setting.candidates.last!],
        statistics: [.deviation], positions: 4)
    ]
  }

  /// The threshold.
  func parameterCount(at site: DecisionSite) -> Int { 1 }

  /// The candidate with the larger score wins; the library subtracts the price of each.
  func scores(_ input: DecisionInput, into scores: UnsafeMutableBufferPointer<Float>) {
    let mean = input.features.reduce(0, +) / Float(input.features.count)
    scores[0] = input.parameters[0] - mean
    scores[1] = mean - input.parameters[0]
  }

  /// One multiply-accumulate operation per feature: the cost of choosing is counted.
  func macs(at site: DecisionSite) -> Int { site.featureCount }

  /// The quantile of the statistic over synthetic images.
  func fit(_ parameters: inout [Float], to measurements: DeciderMeasurements) throws {
    let features = measurements.features[0]
    let means = (0..<features.rowCount).map { row in
      features.row(row).elements.reduce(0, +) / Float(features.shape[1])
    }.sorted()
    parameters[0] = means[min(Int(easyShare * Double(means.count)), means.count - 1)]
  }
}

let isSmall = ProcessInfo.processInfo.environment["DYNADFQ_EXAMPLE_SMALL"] != nil
let teacher = try Network.pretrained(.resNet20FashionMNIST)
let images = try SoftLabelSynthesizer(
  teacher: teacher,
  configuration: isSmall ? .init(count: 32, imagesPerBatch: 32, steps: 4) : .demo
).synthesize()
let student = try DynamicTrainer(
  teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
  selector: BitSelector(DeviationThreshold(output: 3)),
  configuration: isSmall ? .init(budget: 4, steps: 4, imagesPerStep: 16) : .demo
).train(on: images)
let test = RealSubset(try FashionMNIST(.test), first: isSmall ? 200 : 10_000)
let report = try student.evaluate(on: test, teacher: teacher)
print("accuracy \(report.accuracy), \(report.meanActivationBits) bits on average")

// A file names the selector's kind, so reading it takes the type.
try student.write(to: "threshold.safetensors")
let again = try QuantizedNetwork(
  contentsOf: "threshold.safetensors", deciders: [DeviationThreshold.self])
print("read again: \(again.selector?.decider as? DeviationThreshold as Any)")
