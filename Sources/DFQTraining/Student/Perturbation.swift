public import DFQEngine
public import DFQTensor

/// Images of a step that are moved to where they are harder, and trained on besides the images
/// themselves: the sample difficulty promotion of HAST (Li et al., CVPR 2023, section 3.3).
///
/// An image x becomes x + size * sign(dL/dx), where L is the sum of the student's losses at x. The
/// student is trained on L at both images, with equal weights.
public struct Perturbation: CataloguedMethod, Codable, Hashable {
  /// Its name in the catalogue.
  public static let kind = "perturbation"

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "HAST's training: every image also where it is harder.", cost: 2.5,
    reference: .init(
      "Li et al.", "Hard Sample Matters a Lot in Zero-Shot Quantization", "CVPR", 2023),
    formula: "L(x) + L(x + size * sign(dL/dx))", page: "HAST",
    notes: ["In training: {perturbation: {size: 0.01}} in recipes, --perturbation in the tool."])

  /// The networks through which the losses' gradient reaches the images.
  public enum Path: String, Sendable, Codable, CaseIterable {
    /// Through student and teacher, as in the official code.
    case both
    /// Through the student, with the teacher's values as constants; saves a pass of the teacher.
    case student
    /// Through the teacher, with the student's values as constants.
    case teacher
  }

  /// How far each value of an image moves, in units of normalized inputs.
  public var size: Float
  /// The networks through which the gradient reaches the images.
  public var path: Path

  /// Makes a perturbation; the default size is that published for CIFAR-10 and ImageNet, CIFAR-100
  /// has 0.02.
  public init(size: Float = 0.01, path: Path = .both) {
    self.size = size
    self.path = path
  }

  private enum Key: CodingKey { case size, path }

  /// Reads the settings; those that are absent have their defaults.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    let usual = Perturbation()
    size = try values.decodeIfPresent(Float.self, forKey: .size) ?? usual.size
    path = try values.decodeIfPresent(Path.self, forKey: .path) ?? usual.path
  }

  /// The moved images, from images and the losses' gradient at them, N H W C each; a value whose
  /// gradient is 0 stays.
  public func apply(_ images: Tensor, gradient: Tensor) -> Tensor {
    Tensor(
      shape: images.shape,
      elements: zip(images.elements, gradient.elements).map { value, slope in
        slope > 0 ? value + size : slope < 0 ? value - size : value
      })
  }

  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  func check() throws {
    try demand(size.isFinite && size > 0, "a perturbation of more than 0", size)
  }
}
