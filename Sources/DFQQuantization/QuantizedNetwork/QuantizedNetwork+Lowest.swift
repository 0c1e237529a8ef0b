extension QuantizedNetwork {
  /// The bits of each quantized output where an image gets the least: those of the first pass, or the
  /// lowest candidate everywhere.
  public var lowestBits: [Int] {
    if let first = plan.passes.first { return zip(outputs, first).map { $0.bits[Int($1)] } }
    return outputs.map { $0.bits.min() ?? 0 }
  }
}
