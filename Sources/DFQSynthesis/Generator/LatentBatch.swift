public import DFQTensor

/// What a generator makes a batch of images from: for every image its classes with their shares, and
/// noise for each of them.
///
/// An image of one class has one slot with the share 1; a superposed image has several.
public struct LatentBatch: Sendable {
  /// The classes of each image's slots.
  public let classes: [[Int]]
  /// The shares of each image's slots, which sum to 1.
  public let shares: [[Float]]
  /// Noise of each slot, slots by elements; the slots of an image follow one another.
  public let noise: Tensor

  /// Makes a batch; there are as many rows of noise as slots.
  public init(classes: [[Int]], shares: [[Float]], noise: Tensor) {
    precondition(
      classes.map(\.count) == shares.map(\.count)
        && noise.rowCount == classes.reduce(0) { $0 + $1.count },
      "classes, shares and noise differ in number")
    self.classes = classes
    self.shares = shares
    self.noise = noise
  }

  /// Draws classes uniformly for images of one slot each, and noise of `length` elements.
  public init(count: Int, classCount: Int, length: Int, stream: inout RandomStream) {
    let classes = (0..<count).map { _ in [stream.integer(below: classCount)] }
    self.init(
      classes: classes, shares: [[Float]](repeating: [1], count: count),
      noise: Tensor(shape: [count, length], elements: stream.normals(count * length)))
  }

  /// The number of images N.
  public var count: Int { classes.count }

  /// The labels, N C: the sum of each class's shares.
  ///
  /// A class may occur more than once, so shares are added.
  public func labels(classCount: Int) -> Tensor {
    var labels = Tensor(shape: [count, classCount])
    for image in 0..<count {
      for (label, share) in zip(classes[image], shares[image]) {
        labels[image * classCount + label] += share
      }
    }
    return labels
  }

  /// Whether each image has one class only.
  public var isEasy: [Bool] { classes.map { Set($0).count == 1 } }

  /// The row of noise at which each image's slots begin.
  package var firstSlots: [Int] {
    var next = 0
    return classes.map { slots in
      defer { next += slots.count }
      return next
    }
  }
}
