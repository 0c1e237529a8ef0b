public import DFQTensor

/// The integers of a tensor with their scales and zero points: value = scale * (code - zeroPoint).
public struct QuantizedTensor: Sendable, Equatable {
  /// The tensor's shape (KH KW I O for weights).
  public let shape: Shape
  /// The codes in row-major order.
  public let codes: [Int32]
  /// One scale per output channel, or one in all.
  public let scales: [Float]
  /// One zero point per scale.
  public let zeroPoints: [Int]
  /// The number of bits.
  public let bits: Int

  /// The values the integers stand for.
  public var dequantized: Tensor {
    let channels = scales.count
    return Tensor(
      shape: shape,
      elements: codes.enumerated().map { index, code in
        let channel = channels == 1 ? 0 : index % channels
        return Float(Int(code) - zeroPoints[channel]) * scales[channel]
      })
  }
}
