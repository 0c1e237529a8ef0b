extension Quantizer {
  private enum CodingKeys: String, CodingKey {
    case weightBits, activationBits, weightsFollowActivations, weights, activations, backward
    case fullyQuantized, rounding, overrides
  }

  /// Reads a quantizer; its candidates become ascending and each once.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      weightBits: try values.decode(Int.self, forKey: .weightBits),
      activationBits: try values.decode([Int].self, forKey: .activationBits),
      weights: try values.decode(Part.self, forKey: .weights),
      activations: try values.decode(Part.self, forKey: .activations),
      backward: try values.decode(Backward.self, forKey: .backward),
      fullyQuantized: try values.decode(Bool.self, forKey: .fullyQuantized),
      weightsFollowActivations: try values.decode(Bool.self, forKey: .weightsFollowActivations),
      rounding: try values.decodeIfPresent(Rounding.self, forKey: .rounding) ?? .nearest,
      overrides: try values.decode([Override].self, forKey: .overrides))
  }

  /// Writes a quantizer; rounding to nearest is left out.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(weightBits, forKey: .weightBits)
    try values.encode(activationBits, forKey: .activationBits)
    try values.encode(weightsFollowActivations, forKey: .weightsFollowActivations)
    try values.encode(weights, forKey: .weights)
    try values.encode(activations, forKey: .activations)
    try values.encode(backward, forKey: .backward)
    try values.encode(fullyQuantized, forKey: .fullyQuantized)
    if rounding != .nearest { try values.encode(rounding, forKey: .rounding) }
    try values.encode(overrides, forKey: .overrides)
  }
}
