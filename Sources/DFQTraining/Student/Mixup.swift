public import DFQEngine
import DFQTensor

/// Which images of a step are mixed in pairs, and how much (mixup; Zhang et al., ICLR 2018).
///
/// An image and its label become a weighted mean of themselves and of another image of the same kind,
/// with weights from Beta(strength, strength).
public struct Mixup: CataloguedMethod, Codable, Hashable {
  /// Its name in the catalogue.
  public static let kind = "mixup"

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "Images of a step, and their labels, mixed in pairs.",
    reference: .init("Zhang et al.", "mixup: Beyond Empirical Risk Minimization", "ICLR", 2018),
    formula: "x = s x_i + (1 - s) x_j, s from Beta(strength, strength); labels alike",
    notes: ["In training: {mixup: {images: none}} in recipes, --mixup in the tool."])

  /// The images that are mixed.
  public enum Images: String, Sendable, Codable, CaseIterable {
    /// No image.
    case none
    /// Easy images among each other, as in Hong et al. (2023); hard images stay as they are.
    case easy
    /// All images among each other.
    case all
  }

  /// The images that are mixed.
  public var images: Images
  /// The concentration of the Beta distribution, above 0: near 0 images stay almost as they are, at 1
  /// all weights are equally likely.
  public var strength: Float

  /// Makes a rule.
  public init(_ images: Images, strength: Float = 1) {
    self.images = images
    self.strength = strength
  }

  /// No image is mixed.
  public static let none = Mixup(.none)

  /// Mixes inputs N H W C and labels N C in place.
  func apply(
    _ inputs: inout Tensor, _ labels: inout Tensor, isEasy: [Bool], stream: inout RandomStream
  ) {
    let places = isEasy.indices.filter { images == .all || (images == .easy && isEasy[$0]) }
    guard places.count > 1 else { return }
    let originals = (inputs: inputs, labels: labels)
    for place in places {
      let share = stream.beta(strength)
      let partner = places[stream.integer(below: places.count)]
      func mixed(_ tensor: Tensor) -> Tensor {
        let (first, second) = (tensor.row(place), tensor.row(partner))
        return Tensor(
          shape: first.shape,
          elements: zip(first.elements, second.elements).map { share * $0 + (1 - share) * $1 })
      }
      inputs.setRow(place, to: mixed(originals.inputs))
      labels.setRow(place, to: mixed(originals.labels))
    }
  }

  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  func check() throws {
    try demand(
      strength.isFinite && strength >= 0.01 && strength <= 100, "a strength of mixup in 0.01...100",
      strength)
  }
}
