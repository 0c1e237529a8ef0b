import DynaDFQ

/// The networks that are timed.
extension Bench {
  /// The file's network, or one of random weights.
  func integerNetwork(_ context: ExecutionContext) throws -> IntegerNetwork {
    if let model { return try read(model, context) }
    let float = try randomNetwork()
    guard let cascade else {
      let student = try student(float, try quantizer.makeQuantizer())
      return try IntegerNetwork(student, arithmetic: arithmetic, context: context)
    }
    let levels = try cascade.split(separator: ",").map { text in
      guard let level = staticQuantizer(text) else {
        throw ToolError.usage("--cascade takes levels such as W3A3,W5A5, found \"\(cascade)\"")
      }
      return try student(float, level)
    }
    return try IntegerNetwork(
      StudentCascade(
        levels: levels, thresholds: [Float](repeating: 1, count: levels.count - 1),
        shares: [Double](repeating: share, count: levels.count - 1), rule: .ranked(batch: 65536)),
      arithmetic: arithmetic, context: context)
  }

  /// The network that this one takes turns with: a file's, or the same one with other bits, without a selector.
  func otherNetwork(_ text: String, _ context: ExecutionContext) throws -> IntegerNetwork {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard let bits = parts.first.flatMap(staticQuantizer) else { return try read(text, context) }
    guard model == nil else {
      throw ToolError.usage("--against takes a file beside a file, found \"\(text)\"")
    }
    guard parts.count == 1 || parts[1] == "direct" else {
      throw ToolError.usage("--against takes bits such as W8A8 or W8A8:direct, found \"\(text)\"")
    }
    let student = try student(try randomNetwork(), bits, isStatic: true)
    let integers = try IntegerNetwork(student, arithmetic: arithmetic, context: context)
    return parts.count == 1 ? integers : try integers.withDirectConvolutions()
  }

  private func randomNetwork() throws -> Network {
    try RandomData.network(network == "resnet20" ? "resnet20-cifar" : network, seed: options.seed)
  }

  /// Static bits such as W4A4, nil for another text.
  private func staticQuantizer(_ text: Substring) -> Quantizer? {
    guard text.first == "W" else { return nil }
    let bits = text.dropFirst().split(separator: "A", omittingEmptySubsequences: false)
      .map { Int($0) }
    guard bits.count == 2, let weights = bits[0], let values = bits[1],
      2...8 ~= weights, 2...8 ~= values
    else { return nil }
    var quantizer = Quantizer(weightBits: weights, activationBits: [values])
    quantizer.fullyQuantized = self.quantizer.fullyQuantized
    return quantizer
  }

  private func read(_ path: String, _ context: ExecutionContext) throws -> IntegerNetwork {
    try IntegerNetwork(contentsOf: path, arithmetic: arithmetic, context: context)
  }

  private func student(
    _ network: Network, _ quantizer: Quantizer, isStatic: Bool = false
  ) throws -> QuantizedNetwork {
    var student = try QuantizedNetwork(
      network: network, quantizer: quantizer,
      selector: isStatic ? nil : try self.quantizer.makeSelector(), seed: options.seed)
    try student.calibrate(
      batches: [RandomData.images(4, for: network, seed: options.seed)], context: options.context)
    return student
  }

  private var arithmetic: IntegerNetwork.Arithmetic { fixedPoint ? .fixedPoint : .float }
}
