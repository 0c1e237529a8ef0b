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

  /// The official code: all images, one share for the step and partners by a permutation.
  public static let variants: [String: Mixup] = ["officialCode": .officialCode]

  /// The images that are mixed.
  public enum Images: String, Sendable, Codable, CaseIterable {
    /// No image.
    case none
    /// Easy images among each other, as in Hong et al. (2023); hard images stay as they are.
    case easy
    /// All images among each other.
    case all
  }

  /// How shares and partners are drawn.
  public enum Draws: String, Sendable, Codable, CaseIterable {
    /// A share and a partner for each image; an image may be the partner of several.
    case perImage
    /// One share for the step, and partners by a permutation, as in the official code: every image is a
    /// partner once.
    case perBatch
  }

  /// The images that are mixed.
  public var images: Images
  /// The concentration of the Beta distribution, above 0: near 0 images stay almost as they are, at 1
  /// all weights are equally likely.
  public var strength: Float
  /// How shares and partners are drawn.
  public var draws: Draws

  /// Makes a rule.
  public init(_ images: Images, strength: Float = 1, draws: Draws = .perImage) {
    self.images = images
    self.strength = strength
    self.draws = draws
  }

  /// No image is mixed.
  public static let none = Mixup(.none)
  /// All images, one share for the step and partners by a permutation.
  public static let officialCode = Mixup(.all, draws: .perBatch)

  private enum Key: CodingKey { case images, strength, draws }

  /// Reads the settings; without `draws` they are for each image.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    images = try values.decode(Images.self, forKey: .images)
    strength = try values.decode(Float.self, forKey: .strength)
    draws = try values.decodeIfPresent(Draws.self, forKey: .draws) ?? .perImage
  }

  /// Writes the settings; draws for each image are left out, as in files before there were others.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(images, forKey: .images)
    try values.encode(strength, forKey: .strength)
    if draws != .perImage { try values.encode(draws, forKey: .draws) }
  }

  /// Mixes inputs N H W C and labels N C in place.
  func apply(
    _ inputs: inout Tensor, _ labels: inout Tensor, isEasy: [Bool], stream: inout RandomStream
  ) {
    let places = isEasy.indices.filter { images == .all || (images == .easy && isEasy[$0]) }
    guard places.count > 1 else { return }
    let originals = (inputs: inputs, labels: labels)
    let common =
      draws == .perBatch
      ? (share: stream.beta(strength), order: stream.permutation(places.count)) : nil
    for (position, place) in places.enumerated() {
      let share = common?.share ?? stream.beta(strength)
      let partner = places[common?.order[position] ?? stream.integer(below: places.count)]
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
