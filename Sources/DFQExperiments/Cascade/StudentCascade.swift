import DFQQuantization
import DynaDFQ

/// Independent students, cheapest first, with the thresholds between them.
struct StudentCascade {
  let levels: [QuantizedNetwork]
  let thresholds: [Float]
  let context: ExecutionContext

  /// Fits the thresholds on synthetic images.
  static func fitted(
    _ levels: [QuantizedNetwork], on images: SyntheticImages, budget: Double,
    fitter: some CascadeFitter = MarginFitter(), context: ExecutionContext
  ) throws -> StudentCascade {
    let runs = try levels.map { try run($0, images.images, context) }
    return StudentCascade(
      levels: levels, thresholds: try fitter.thresholds(runs, budget: budget), context: context)
  }

  /// The mean cost of a student on synthetic images.
  static func meanBitOPs(
    _ student: QuantizedNetwork, on images: SyntheticImages, context: ExecutionContext
  ) throws -> Double {
    try run(student, images.images, context).meanBitOPs
  }

  private static func run(
    _ student: QuantizedNetwork, _ inputs: Tensor, _ context: ExecutionContext
  ) throws -> LevelRun {
    let run = try StudentEvaluator(student, context: context).run(inputs, policy: .selector)
    return LevelRun(
      margins: Confidence.margins(of: run.logits, classes: student.network.classCount),
      bitOPs: run.bitOPs)
  }

  /// What the first student did with each image.
  struct FirstLevel {
    var predictions: [Int]
    var margins: [Float]
  }

  /// Measures the cascade on real images; every pass counts.
  func evaluation(
    on images: any RealImages, reference: TeacherRun,
    progress: @escaping (_ done: Int, _ of: Int) throws -> Void
  ) throws -> (evaluation: Evaluation, first: FirstLevel) {
    let count = images.count
    var first = FirstLevel(predictions: [], margins: [])
    var predictions = [Int](repeating: 0, count: count)
    var meanBits = [Double](repeating: 0, count: count)
    var bitOPs = meanBits
    var familyBitOPs = meanBits
    var passes = predictions
    var margins = [Float](repeating: 0, count: count)
    var remaining = Array(0..<count)
    for (level, student) in levels.enumerated() where !remaining.isEmpty {
      let model = student.costModel
      let run = try StudentEvaluator(student, context: context).run(
        RealSubset(images, indices: remaining), policy: .selector
      ) { done, total in try progress(level * count + done, levels.count * count) }
      let runMargins = Confidence.margins(of: run.logits, classes: student.network.classCount)
      for (place, image) in remaining.enumerated() {
        predictions[image] = run.predictions[place]
        meanBits[image] = run.meanBits[place]
        bitOPs[image] += run.bitOPs[place]
        familyBitOPs[image] +=
          run.bitOPs[place] - model.cost(run.bits[place]) + model.familyCost(run.bits[place])
        passes[image] += run.passes[place]
        margins[image] = runMargins[place]
      }
      if level == 0 { first = FirstLevel(predictions: predictions, margins: margins) }
      guard level < thresholds.count else { break }
      remaining = remaining.filter { margins[$0] < thresholds[level] }
    }
    let evaluation = Evaluation(
      kind: .selector, dataset: images.name, labels: images.labels, reference: reference,
      predictions: predictions, meanBits: meanBits, bitOPs: bitOPs, familyBitOPs: familyBitOPs,
      passes: passes, margins: margins)
    return (evaluation, first)
  }

  private static let format = "dynadfq cascade 1"

  /// Writes the thresholds; the students have files of their own.
  func write(to path: String, levels keys: [String]) throws {
    var file = SafetensorsFile(metadata: [
      "format": StudentCascade.format, "levels": keys.joined(separator: " "),
    ])
    file.add("thresholds", Tensor(shape: [thresholds.count], elements: thresholds))
    try file.write(to: path)
  }

  /// Reads thresholds; `student` finds the students by their keys.
  static func read(
    _ path: String, context: ExecutionContext, student: (String) throws -> QuantizedNetwork
  ) throws -> StudentCascade {
    let file = try SafetensorsFile(contentsOf: path)
    let keys = (file.metadata["levels"] ?? "").split(separator: " ").map(String.init)
    let thresholds = try file.tensor("thresholds").elements
    guard file.metadata["format"] == format, keys.count == thresholds.count + 1 else {
      throw StoreError.badArtefact(
        path: path, expected: "a cascade with a threshold between levels",
        found: "\(keys.count) levels, \(thresholds.count) thresholds")
    }
    return StudentCascade(
      levels: try keys.map(student), thresholds: thresholds, context: context)
  }
}
