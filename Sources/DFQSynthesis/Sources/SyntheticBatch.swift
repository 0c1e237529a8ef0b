public import DFQTensor

/// The synthetic images and labels of one training step.
public struct SyntheticBatch: Sendable {
  /// The images as network inputs (normalized), N H W C.
  public var inputs: Tensor
  /// The labels, N C, each row summing to 1.
  public var labels: Tensor
  /// Whether each image is easy (made towards a one-hot label); mixup mixes easy images only.
  public var isEasy: [Bool]

  /// Makes a batch.
  public init(inputs: Tensor, labels: Tensor, isEasy: [Bool]) {
    self.inputs = inputs
    self.labels = labels
    self.isEasy = isEasy
  }

  /// The number of images N.
  public var count: Int { inputs.rowCount }

  /// Checks that a batch is what a trainer asked for.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` with what does not fit.
  public func check(count: Int, imageShape: Shape, classCount: Int, source: String) throws {
    func demand(_ holds: Bool, _ expected: String, _ found: String) throws {
      if !holds { throw SynthesisError.badImages(source: source, expected: expected, found: found) }
    }
    let images = Shape([count] + imageShape.dimensions)
    try demand(inputs.shape == images, "images \(images)", "\(inputs.shape)")
    try demand(inputs.isFinite, "finite images", "NaN or infinity")
    let labelShape: Shape = [count, classCount]
    try demand(labels.shape == labelShape, "labels \(labelShape)", "\(labels.shape)")
    for row in 0..<count {
      try LabelBatch.check(
        labels.elements[row * classCount..<(row + 1) * classCount], row: row, source: source)
    }
    try demand(isEasy.count == count, "isEasy of \(count) images", "\(isEasy.count)")
  }
}
