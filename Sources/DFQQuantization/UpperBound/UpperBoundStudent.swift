import DFQGraph

/// A student that was trained on real images: an upper bound to measure data-free students against.
///
/// It can be evaluated and stored, and nothing else. It gives out no ``QuantizedNetwork``, so that it
/// cannot become a student's file, a level of a cascade or the start of another training, and its file
/// has a form of its own, which no other reader takes. `RealImageBound` of `DFQTraining` makes it.
public struct UpperBoundStudent: Sendable {
  /// The name of the real images that it was trained on.
  public let dataset: String
  /// The number of real images that it was trained on.
  public let imageCount: Int
  /// The student; only for evaluation and for its own file.
  package let student: QuantizedNetwork

  /// Takes a student for one that has seen real images.
  package init(_ student: QuantizedNetwork, dataset: String, imageCount: Int) {
    self.student = student
    self.dataset = dataset
    self.imageCount = imageCount
  }

  /// Whether bits depend on the image.
  public var isDynamic: Bool { student.isDynamic }
  /// The number of classes.
  public var classCount: Int { student.network.classCount }
}
