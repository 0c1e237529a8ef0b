import ArgumentParser
import DynaDFQ

/// Static mixed precision: bits for every layer at the cost of a student with the same bits everywhere.
struct AllocationOptions: ParsableArguments {
  @Option(
    help: """
      Static: bits for every layer and output, chosen by measured sensitivity on the synthetic images, at \
      the BitOPs of the student with these bits everywhere, such as W3A3.
      """)
  var allocate: String?
  @Option(help: "With --allocate: the candidates of weights and outputs. (default: 2,3,4,5,6)")
  var allocateBits: String?

  func validate() throws {
    try Demand.absent(
      "--allocate-bits", allocateBits != nil && allocate == nil, "without --allocate")
    if let allocate, uniform == nil {
      throw ToolError.usage("--allocate takes bits such as W3A3, 2 to 8, not \(allocate)")
    }
    _ = try candidates()
  }

  /// The bits of the student whose cost is the budget; nil without `--allocate`.
  var uniform: (weightBits: Int, activationBits: Int)? {
    guard let allocate, let match = allocate.wholeMatch(of: /[Ww]([2-8])[Aa]([2-8])/),
      let weights = Int(match.1), let activations = Int(match.2)
    else { return nil }
    return (weights, activations)
  }

  private func candidates() throws -> [Int] {
    let bits = (allocateBits ?? "2,3,4,5,6").split(separator: ",", omittingEmptySubsequences: false)
      .map { Int($0.trimmingPrefix(" ")) }
    guard bits.allSatisfy({ $0.map((2...8).contains) ?? false }) else {
      throw ToolError.usage(
        "--allocate-bits takes numbers in 2...8 such as 2,3,4, not \(allocateBits!)")
    }
    return Set(bits.compactMap { $0 }).sorted()
  }

  /// Throws where no choice of candidates costs as little as the uniform student.
  func check(_ quantizer: Quantizer, _ network: Network) throws {
    guard uniform != nil else { return }
    let bits = try candidates()
    let cheapest = try BitAllocation.cheapestBitOPs(
      network: network, quantizer: quantizer, weightBits: bits, activationBits: bits)
    let budget = try budget(quantizer, network)
    guard cheapest <= budget else {
      throw QuantizationError.budgetUnreachable(budget: budget, cheapest: cheapest, unit: "BitOPs")
    }
  }

  private func budget(_ quantizer: Quantizer, _ network: Network) throws -> Double {
    try QuantizedNetwork(network: network, quantizer: quantizer).dearestBitOPs
  }

  /// Measures under a progress bar and allocates; nil without `--allocate`.
  func allocation(
    _ quantizer: Quantizer, _ network: Network, _ images: SyntheticImages, run options: RunOptions
  ) throws -> Allocation? {
    guard uniform != nil else { return nil }
    let bits = try candidates()
    let sensitivity = try options.withProgress(
      "measuring bits", unit: "measurements", saved: "nothing is saved"
    ) { bar in
      try BitSensitivity(
        of: network, quantizer: quantizer, on: images, weightBits: bits, activationBits: bits,
        context: options.context
      ) { try bar.update($0, of: $1, note: "") }
    }
    let budget = try budget(quantizer, network)
    return Allocation(
      bits: try BitAllocation(sensitivity, network: network, quantizer: quantizer, budget: budget),
      budget: budget, sensitivity: sensitivity)
  }

  /// What was allocated, and from what.
  struct Allocation: Encodable {
    var bits: BitAllocation
    /// BitOPs of the uniform student.
    var budget: Double
    var sensitivity: BitSensitivity

    func show() throws {
      func text(_ choices: [BitAllocation.Choice]) -> String {
        choices.map { "\(Output.clean($0.name, limit: 80)) \($0.bits)" }.joined(separator: ", ")
      }
      try Output.line("bits of weights: \(text(bits.weights))")
      try Output.line("bits of outputs: \(text(bits.activations))")
      try Output.line(
        "allocated \(Output.mega(bits.bitOPs)) of \(Output.mega(budget)) BitOPs, divergences of "
          + "\(Output.short(bits.loss)) nats in all")
    }
  }
}
