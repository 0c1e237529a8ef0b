import DFQFiles

/// A way of making real images worse, to measure how networks hold against it.
///
/// Kinds and constants are those of CIFAR-10-C (Hendrycks and Dietterich 2019, "Benchmarking Neural
/// Network Robustness to Common Corruptions and Perturbations"); images of any size are changed with
/// the same constants. Results are rounded to the nearest of 0...255, where CIFAR-10-C cuts off, and
/// noise has draws of its own, so that images agree with the published ones closely but not bit by bit.
public struct Corruption: Sendable, Hashable, Codable {
  /// What is done to an image.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// JPEG encoded and decoded: qualities 80, 65, 58, 50, 40.
    case jpeg
    /// Independent normal noise on each value in 0...1: deviations 0.04, 0.06, 0.08, 0.09, 0.10.
    case gaussianNoise
    /// A Gaussian blur: deviations of 0.4, 0.6, 0.7, 0.8, 1 pixels, cut off at four of them.
    case gaussianBlur
    /// Each channel drawn towards its mean over the image: factors 0.75, 0.5, 0.4, 0.3, 0.15.
    case contrast

    /// The constants of strengths 1 to 5.
    var constants: [Double] {
      switch self {
      case .jpeg: [80, 65, 58, 50, 40]
      case .gaussianNoise: [0.04, 0.06, 0.08, 0.09, 0.10]
      case .gaussianBlur: [0.4, 0.6, 0.7, 0.8, 1]
      case .contrast: [0.75, 0.5, 0.4, 0.3, 0.15]
      }
    }
  }

  /// The strengths: 1 is the mildest.
  public static let strengths = 1...5

  /// What is done.
  public let kind: Kind
  /// How much, in 1...5.
  public let strength: Int
  /// The kind's constant at this strength: a quality, a deviation or a factor.
  public var constant: Double { kind.constants[strength - 1] }

  /// Makes a corruption.
  ///
  /// - Throws: ``InterchangeError/malformed(path:what:expected:found:)`` for a strength outside 1...5.
  public init(_ kind: Kind, strength: Int) throws {
    guard Corruption.strengths.contains(strength) else {
      throw InterchangeError.malformed(
        path: "corruption \(kind.rawValue)", what: "strength", expected: "1...5",
        found: "\(strength)")
    }
    self.kind = kind
    self.strength = strength
  }

  /// Reads `kind` and `strength`.
  ///
  /// - Throws: `DecodingError` for another kind or a strength outside 1...5.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decode(Kind.self, forKey: .kind)
    strength = try container.decode(Int.self, forKey: .strength)
    guard Corruption.strengths.contains(strength) else {
      throw DecodingError.dataCorruptedError(
        forKey: .strength, in: container, debugDescription: "a strength in 1...5")
    }
  }
}

extension Corruption: CustomStringConvertible {
  /// The kind and the strength, such as `jpeg 3`.
  public var description: String { "\(kind.rawValue) \(strength)" }
}
