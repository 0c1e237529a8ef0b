import DFQEngine
import DFQTensor

/// How bits are chosen for each input image.
///
/// `BitSelector(.perLayer)` and `BitSelector(.perImage)` read cheap features of the image inside the
/// student, compute one logit per candidate and take the largest: the value of the chosen candidate,
/// the gradient of the softmax mixture (CADyQ, Hong et al. 2022, section 3). `BitSelector(_:)` takes
/// any ``BitDecider``. The cost of choosing is counted in every BitOPs figure.
public struct BitSelector: Sendable {
  /// How many decisions the built-in selectors take for an image.
  public enum Granularity: String, Sendable, Codable, CaseIterable {
    /// One decision per layer, from the layer's output before it is quantized.
    case perLayer
    /// One decision per image, at one quantized output, for all later ones.
    case perImage
  }

  /// Who decides.
  public let decider: any BitDecider

  /// Wraps a decider.
  public init(_ decider: any BitDecider) { self.decider = decider }

  /// Makes a built-in selector; nil settings take the selector's defaults.
  ///
  /// - Parameters:
  ///   - granularity: One decision per layer or per image.
  ///   - features: The channel statistics that the selector looks at.
  ///   - positions: The rows and columns of the sampled positions, 1...64.
  ///   - hidden: The width of a hidden ReLU layer, 0 for a linear selector.
  ///   - point: The position, among the student's quantized outputs, of the one at which the
  ///     per-image decision is taken; nil takes the first whose bits can be chosen.
  public init(
    _ granularity: Granularity, features: [ChannelStatistic]? = nil, positions: Int? = nil,
    hidden: Int? = nil, point: Int? = nil
  ) {
    switch granularity {
    case .perLayer:
      decider = PerLayerSelector(
        features: features ?? [.deviation], positions: positions ?? 4, hidden: hidden ?? 0)
    case .perImage:
      decider = PerImageSelector(
        features: features ?? [.mean, .deviation], positions: positions ?? 8,
        hidden: hidden ?? 16, point: point)
    }
  }
}

extension BitSelector: Hashable {
  /// Whether both deciders are of one type with the same settings.
  public static func == (left: BitSelector, right: BitSelector) -> Bool {
    left.decider.isEqual(to: right.decider)
  }

  /// Hashes the decider's kind and settings.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(type(of: decider).kind)
    decider.hash(into: &hasher)
  }
}

extension BitSelector: Codable {
  static let builtIn: [any BitDecider.Type] = MethodCatalogue.selectors.map { type(of: $0) }
  static let userTypes = CodingUserInfoKey(rawValue: "dynadfq.deciders")!

  /// The settings of students written before selectors had kinds.
  private struct Former: Decodable {
    var granularity: Granularity
    var features: [ChannelStatistic]
    var positions: Int
    var hidden: Int
    var point: Int
  }

  /// Reads a selector by its decider's kind: a built-in one, or one that the decoder was told of.
  public init(from decoder: any Decoder) throws {
    if let former = try? Former(from: decoder) {
      self.init(
        former.granularity, features: former.features, positions: former.positions,
        hidden: former.hidden, point: former.point == 0 ? nil : former.point)
    } else {
      let known = decoder.userInfo[BitSelector.userTypes] as? [any BitDecider.Type] ?? []
      let coded = try Kinded.Reader(decoder)
      guard let type = (BitSelector.builtIn + known).first(where: { $0.kind == coded.kind }) else {
        throw coded.unknownKind("selector")
      }
      self.init(try coded.settings(type) as any BitDecider)
    }
    try decider.check()
  }

  /// Writes the decider's kind and settings.
  public func encode(to encoder: any Encoder) throws {
    try Kinded.write(type(of: decider).kind, decider, to: encoder)
  }
}
