public import DFQEngine

/// How a decider gets its parameters.
public enum DeciderLearning: Sendable, Hashable {
  /// From the gradient of the softmax mixture of its candidates, together with the weights.
  case gradient
  /// From measurements on synthetic images, once the weights are trained.
  case fitted
  /// It has no parameters, or they stay as they start.
  case nothing
}

/// Decides which bits a student computes each image with: where decisions are taken, from what, at
/// which cost, how they are learned, and in how many passes.
///
/// A new decider is one file: a type that conforms to this protocol, used as
/// `BitSelector(MyDecider())`. There are two forms, and a decider may have both:
///
/// - *Decisions inside a pass.* ``sites(in:)`` tells at which quantized outputs decisions are
///   taken. At each site the student gathers features, ``scores(_:into:)`` turns them into one score
///   per candidate, the price of the candidate's bits is subtracted, and the largest score wins. The
///   price is found so that synthetic images cost the budget on average.
/// - *Decisions between passes.* ``passes(in:)`` gives the bits of each pass. All images take the
///   first pass; those for which ``continues(after:logits:parameters:price:)`` is true take the next
///   one. The cost of all passes counts.
///
/// To read a student that has such a decider, pass its type to
/// ``QuantizedNetwork/init(contentsOf:layers:deciders:roundings:)``.
public protocol BitDecider: CataloguedMethod, Hashable, Codable {
  /// Its name in files; two types must not share one.
  static var kind: String { get }

  /// How it gets its parameters.
  var learning: DeciderLearning { get }

  /// Throws where its settings are out of bounds; by default it does nothing.
  func check() throws

  /// The decisions that it takes inside a pass; by default none.
  func sites(in setting: DecisionSetting) throws -> [DecisionSite]

  /// The number of parameters at a site; 0 by default.
  func parameterCount(at site: DecisionSite) -> Int

  /// The first parameters at a site; 0 by default.
  func initialParameters(at site: DecisionSite, seed: UInt64) -> [Float]

  /// The number of values that ``scores(_:into:)`` keeps for ``backward(_:scoreGradient:into:)``.
  func workspaceCount(at site: DecisionSite) -> Int

  /// The temperature of the Gumbel noise that training adds to the scores; nil, as by default, for none.
  ///
  /// With it, training takes the largest of (score + noise) / temperature, noise = -log(-log(u)) for
  /// a uniform u, and the gradient of its softmax. Evaluation never draws: two runs agree.
  var gumbelTemperature: Float? { get }

  /// Writes one score for each of the site's candidates; for a site of several groups, those of one
  /// group after the other.
  func scores(_ input: DecisionInput, into scores: UnsafeMutableBufferPointer<Float>)

  /// Adds the gradient at the site's parameters, given the gradient at the scores; for deciders that
  /// learn by gradient.
  func backward(
    _ input: DecisionInput, scoreGradient: UnsafeBufferPointer<Float>,
    into gradient: UnsafeMutableBufferPointer<Float>)

  /// Multiply-accumulate operations in float32 for the scores at a site.
  func macs(at site: DecisionSite) -> Int

  /// The bits of every quantized output, pass by pass; empty, as by default, for one pass whose
  /// bits are decided at sites.
  func passes(in setting: DecisionSetting) throws -> [[Int]]

  /// The number of parameters that decide between passes; 0 by default.
  var passParameterCount: Int { get }

  /// Whether an image with these logits takes another pass; `price` is the price of a bit, and a
  /// higher price must not lead to more passes.
  func continues(
    after pass: Int, logits: UnsafeBufferPointer<Float>, parameters: UnsafeBufferPointer<Float>,
    price: Float
  ) -> Bool

  /// Whether ``fit(_:to:)`` reads ``DeciderMeasurements/outputDeviations``, which cost a pass; by
  /// default it does not.
  var readsOutputDeviations: Bool { get }

  /// Fits the parameters (of the sites in order, then of the passes) to measurements on synthetic
  /// images; by default it does nothing.
  func fit(_ parameters: inout [Float], to measurements: DeciderMeasurements) throws
}

/// What a decider sees of one image at a site.
public struct DecisionInput {
  /// The site.
  public let site: DecisionSite
  /// The features, standardized so that over synthetic images each has mean 0 and deviation 1.
  public let features: UnsafeBufferPointer<Float>
  /// The site's parameters.
  public let parameters: UnsafeBufferPointer<Float>
  /// Room for the values that the backward pass needs again.
  public let workspace: UnsafeMutableBufferPointer<Float>
}

extension BitDecider {
  /// Accepts all settings.
  public func check() throws {}
  /// Takes no decision inside a pass.
  public func sites(in setting: DecisionSetting) throws -> [DecisionSite] { [] }
  /// No parameters.
  public func parameterCount(at site: DecisionSite) -> Int { 0 }
  /// All parameters start at 0.
  public func initialParameters(at site: DecisionSite, seed: UInt64) -> [Float] {
    [Float](repeating: 0, count: parameterCount(at: site))
  }
  /// No noise.
  public var gumbelTemperature: Float? { nil }
  /// Keeps nothing.
  public func workspaceCount(at site: DecisionSite) -> Int { 0 }
  /// Scores all candidates alike, so that only the price decides.
  public func scores(_ input: DecisionInput, into scores: UnsafeMutableBufferPointer<Float>) {
    scores.update(repeating: 0)
  }
  /// Adds nothing.
  public func backward(
    _ input: DecisionInput, scoreGradient: UnsafeBufferPointer<Float>,
    into gradient: UnsafeMutableBufferPointer<Float>
  ) {}
  /// Costs nothing but its features.
  public func macs(at site: DecisionSite) -> Int { 0 }
  /// One pass.
  public func passes(in setting: DecisionSetting) throws -> [[Int]] { [] }
  /// No parameters between passes.
  public var passParameterCount: Int { 0 }
  /// Ends after one pass.
  public func continues(
    after pass: Int, logits: UnsafeBufferPointer<Float>, parameters: UnsafeBufferPointer<Float>,
    price: Float
  ) -> Bool { false }
  /// Reads none.
  public var readsOutputDeviations: Bool { false }
  /// Keeps the parameters.
  public func fit(_ parameters: inout [Float], to measurements: DeciderMeasurements) throws {}

  func isEqual(to other: any BitDecider) -> Bool { (other as? Self) == self }
}
