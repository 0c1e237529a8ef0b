public import DFQEngine

/// How the weights of a layer are rounded to their grids, and how gradients pass the rounding.
///
/// A new way of rounding is one file: a type that conforms to this protocol. It is set as
/// `Quantizer.rounding` and saved with the student under its `kind`; to read such a student, pass
/// the type to ``QuantizedNetwork/init(contentsOf:layers:deciders:roundings:)``.
public protocol WeightRounding: CataloguedMethod, Hashable, Codable {
  /// Its name in files; two types must not share one.
  static var kind: String { get }

  /// Whether a layer with several widths has one grid, that of its most bits, and for fewer bits grids
  /// that are coarser by powers of 2; by default every width has its own. It needs symmetric grids.
  var nests: Bool { get }

  /// Throws where its settings are out of bounds; by default it does nothing.
  func check() throws

  /// Replaces a layer's weights by values of their grids.
  ///
  /// `values` holds the weights, in the order KH KW I O or I O, so the output channel of a weight is
  /// its position modulo the number of channels.
  func round(_ layer: RoundedLayer, values: UnsafeMutableBufferPointer<Float>)

  /// The codes of a layer's weights, in their order: those of the values that `round` writes.
  ///
  /// By default they are read off the rounded values. A way of rounding that knows the codes should
  /// give them itself.
  func codes(_ layer: RoundedLayer) -> [Int32]

  /// Turns the gradient at the rounded weights into the gradient at the weights, in place, and
  /// returns the gradient at the logarithm of each grid's step, or nothing where no step is learned.
  func backward(_ layer: RoundedLayer, gradient: UnsafeMutableBufferPointer<Float>) -> [Float]
}

extension WeightRounding {
  /// Every width has its own grids.
  public var nests: Bool { false }

  /// Accepts all settings.
  public func check() throws {}

  /// Reads the codes off the rounded values.
  public func codes(_ layer: RoundedLayer) -> [Int32] {
    var values = Array(layer.weights)
    values.withUnsafeMutableBufferPointer { round(layer, values: $0) }
    return values.indices.map { Int32(layer.grid(of: $0).code(values[$0])) }
  }

  func isEqual(to other: any WeightRounding) -> Bool { (other as? Self) == self }
}

/// A way of rounding weights as a quantizer holds it.
public struct Rounding: Sendable {
  /// The way of rounding.
  public let method: any WeightRounding

  /// Wraps a way of rounding.
  public init(_ method: some WeightRounding) { self.method = method }

  /// To the nearest value of the grid.
  public static let nearest = Rounding(NearestRounding())

  /// To codes of which those of fewer bits are shifts of those of the most bits.
  public static let nested = Rounding(NestedRounding())

  /// To the values of the grid whose errors cancel within kernels and output channels.
  public static let squant = Rounding(SQuant())
}

extension Rounding: Hashable {
  /// Whether both are of one type with the same settings.
  public static func == (left: Rounding, right: Rounding) -> Bool {
    left.method.isEqual(to: right.method)
  }

  /// Hashes the type's name and its settings.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(type(of: method).kind)
    method.hash(into: &hasher)
  }
}

extension Rounding: Codable {
  static let userTypes = CodingUserInfoKey(rawValue: "dynadfq.roundings")!

  /// Reads a way of rounding by its kind: a built-in one, or one that the decoder was told of.
  public init(from decoder: any Decoder) throws {
    let known = decoder.userInfo[Rounding.userTypes] as? [any WeightRounding.Type] ?? []
    let coded = try Kinded.Reader(decoder)
    let types = MethodCatalogue.roundings.map { type(of: $0) } + known
    guard let type = types.first(where: { $0.kind == coded.kind }) else {
      throw coded.unknownKind("rounding")
    }
    method = try coded.settings(type)
  }

  /// Writes the kind and the settings.
  public func encode(to encoder: any Encoder) throws {
    try Kinded.write(type(of: method).kind, method, to: encoder)
  }
}
