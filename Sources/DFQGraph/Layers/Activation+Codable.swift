extension Activation {
  private enum Name: String, CodingKey {
    case relu, relu6, leakyReLU, tanh, sigmoid, hardSigmoid, hardSwish, silu, gelu, geluTanh, clip
  }
  private enum Setting: String, CodingKey { case negativeSlope, slope, offset, minimum, maximum }

  private var name: Name {
    switch self {
    case .relu: .relu
    case .relu6: .relu6
    case .leakyReLU: .leakyReLU
    case .tanh: .tanh
    case .sigmoid: .sigmoid
    case .hardSigmoid: .hardSigmoid
    case .hardSwish: .hardSwish
    case .silu: .silu
    case .gelu: .gelu
    case .geluTanh: .geluTanh
    case .clip: .clip
    }
  }

  /// Writes the activation's name with its settings, such as `{"leakyReLU":{"negativeSlope":0.1}}`.
  ///
  /// This is the form that the compiler makes for an enumeration, except that infinite bounds are left
  /// out: JSON has no infinity.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    var settings = container.nestedContainer(keyedBy: Setting.self, forKey: name)
    switch self {
    case .leakyReLU(let slope): try settings.encode(slope, forKey: .negativeSlope)
    case .hardSigmoid(let slope, let offset):
      try settings.encode(slope, forKey: .slope)
      try settings.encode(offset, forKey: .offset)
    case .clip(let minimum, let maximum):
      if minimum != -.infinity { try settings.encode(minimum, forKey: .minimum) }
      if maximum != .infinity { try settings.encode(maximum, forKey: .maximum) }
    case .relu, .relu6, .tanh, .sigmoid, .hardSwish, .silu, .gelu, .geluTanh: break
    }
  }

  /// Reads an activation; a bound that is absent is infinite.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    guard container.allKeys.count == 1, let name = container.allKeys.first else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: container.codingPath,
          debugDescription: "expected one activation, found \(container.allKeys.count)"))
    }
    let settings = try container.nestedContainer(keyedBy: Setting.self, forKey: name)
    func number(_ key: Setting) throws -> Float { try settings.decode(Float.self, forKey: key) }
    switch name {
    case .relu: self = .relu
    case .relu6: self = .relu6
    case .leakyReLU: self = .leakyReLU(negativeSlope: try number(.negativeSlope))
    case .tanh: self = .tanh
    case .sigmoid: self = .sigmoid
    case .hardSigmoid: self = .hardSigmoid(slope: try number(.slope), offset: try number(.offset))
    case .hardSwish: self = .hardSwish
    case .silu: self = .silu
    case .gelu: self = .gelu
    case .geluTanh: self = .geluTanh
    case .clip:
      self = .clip(
        minimum: try settings.decodeIfPresent(Float.self, forKey: .minimum) ?? -.infinity,
        maximum: try settings.decodeIfPresent(Float.self, forKey: .maximum) ?? .infinity)
    }
  }
}
