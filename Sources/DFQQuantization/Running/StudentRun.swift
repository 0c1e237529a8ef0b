/// What a student did with every image of a set under one policy.
public struct StudentRun: Sendable {
  /// The predicted class of each image.
  public package(set) var predictions: [Int] = []
  /// The chosen candidates of each image's last pass, image by image and point by point.
  public package(set) var choices: [UInt8] = []
  /// The bits of each image's last pass.
  public package(set) var bits: [[Int]] = []
  /// The number of passes each image took.
  public package(set) var passes: [Int] = []
  /// BitOPs of each image: all its passes and, where it was asked, the selector.
  public package(set) var bitOPs: [Double] = []
  /// The MAC-weighted mean activation bits of each image's last pass.
  public package(set) var meanBits: [Double] = []
  /// The logits, N C.
  public package(set) var logits: [Float] = []

  /// The share of images whose prediction is that of `labels`.
  public func share(equalTo labels: [Int]) -> Double {
    let hits = zip(predictions, labels).filter { $0 == $1 }.count
    return predictions.isEmpty ? 0 : Double(hits) / Double(predictions.count)
  }

  /// The mean of ``bitOPs`` over the images.
  public var averageBitOPs: Double { mean(bitOPs) }
  /// The mean of ``meanBits`` over the images.
  public var averageBits: Double { mean(meanBits) }

  private func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  mutating func append(_ other: StudentRun) {
    predictions += other.predictions
    choices += other.choices
    bits += other.bits
    passes += other.passes
    bitOPs += other.bitOPs
    meanBits += other.meanBits
    logits += other.logits
  }

  /// Replaces images by what another pass did with them; its cost is added.
  mutating func replace(_ images: [Int], by other: StudentRun, points: Int, classes: Int) {
    for (place, image) in images.enumerated() {
      predictions[image] = other.predictions[place]
      bits[image] = other.bits[place]
      meanBits[image] = other.meanBits[place]
      passes[image] += other.passes[place]
      bitOPs[image] += other.bitOPs[place]
      for point in 0..<points {
        choices[image * points + point] = other.choices[place * points + point]
      }
      for c in 0..<classes { logits[image * classes + c] = other.logits[place * classes + c] }
    }
  }
}
