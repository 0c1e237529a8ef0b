import DFQRuntime

/// What a cascade did with every image of a set.
public struct CascadeRun: Sendable {
  /// The position of the last level that each image ran at.
  public package(set) var lastLevels: [Int]
  /// The predicted class of each image at the first level.
  public package(set) var firstPredictions: [Int]
  /// The logit margin of each image at the first level.
  public package(set) var firstMargins: [Float]
  /// The logits of each image at the first level, N C.
  public package(set) var firstLogits: [Float]
  /// The predicted class of each image, by its last level.
  public package(set) var predictions: [Int]
  /// The logits of each image's last level, N C.
  public package(set) var logits: [Float]
  /// The logit margin of each image at its last level.
  public package(set) var margins: [Float]
  /// The MAC-weighted mean activation bits of each image's last level.
  public package(set) var meanBits: [Double]
  /// BitOPs of each image: all passes of all levels that it ran at.
  public package(set) var bitOPs: [Double]
  /// The same with unquantized inputs counted at the activations' bits, as published tables do.
  public package(set) var familyBitOPs: [Double]
  /// The number of passes each image took.
  public package(set) var passes: [Int]

  /// The mean of ``bitOPs`` over the images.
  public var averageBitOPs: Double {
    bitOPs.isEmpty ? 0 : bitOPs.reduce(0, +) / Double(bitOPs.count)
  }

  /// A run of `count` images that no level has computed yet.
  init(count: Int, classes: Int) {
    lastLevels = [Int](repeating: 0, count: count)
    firstPredictions = lastLevels
    predictions = lastLevels
    passes = lastLevels
    logits = [Float](repeating: 0, count: count * classes)
    firstLogits = logits
    margins = [Float](repeating: 0, count: count)
    firstMargins = margins
    meanBits = [Double](repeating: 0, count: count)
    bitOPs = meanBits
    familyBitOPs = meanBits
  }

  /// Adds what a level did: row k of `run` is image `images[k]`.
  mutating func add(
    _ run: StudentRun, level: Int, of student: QuantizedNetwork, images: [Int], rows: [Int]
  ) {
    let classes = student.network.classCount
    let model = student.costModel
    for (image, row) in zip(images, rows) {
      let logits = run.logits[row * classes..<(row + 1) * classes]
      self.logits.replaceSubrange(image * classes..<(image + 1) * classes, with: logits)
      lastLevels[image] = level
      predictions[image] = run.predictions[row]
      margins[image] = LogitMargin.of(logits)
      if level == 0 {
        firstLogits.replaceSubrange(image * classes..<(image + 1) * classes, with: logits)
        firstPredictions[image] = predictions[image]
        firstMargins[image] = margins[image]
      }
      meanBits[image] = run.meanBits[row]
      bitOPs[image] += run.bitOPs[row]
      familyBitOPs[image] +=
        run.bitOPs[row] - model.cost(run.bits[row]) + model.familyCost(run.bits[row])
      passes[image] += run.passes[row]
    }
  }
}
