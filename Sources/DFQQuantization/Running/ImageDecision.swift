public import DFQFiles
import DFQGraph
public import DFQTensor

/// What a student did with one image.
public struct ImageDecision: Sendable, Codable, Equatable {
  /// The predicted class.
  public let prediction: Int
  /// The logits, C.
  public let logits: [Float]
  /// The bits of each quantized output, in the order of `QuantizedNetwork.quantizedOutputs`.
  public let bits: [Int]
  /// The MAC-weighted mean of `bits`.
  public let meanBits: Double
  /// BitOPs of the image, the selector included.
  public let bitOPs: Double
}

extension QuantizedNetwork {
  /// Classifies real images and tells which bits each of them got; throws what `evaluate` throws.
  public func decisions(
    on images: any RealImages, context: ExecutionContext = .default
  ) throws -> [ImageDecision] {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "classification") }
    return decisions(
      try StudentEvaluator(self, context: context).run(
        images, policy: isDynamic ? .selector : .uniform(0)))
  }

  /// The same for inputs N H W C that are already normalized, synthetic ones for example.
  ///
  /// - Throws: ``NetworkError/imageShape(expected:found:)``.
  public func decisions(
    ofInputs inputs: Tensor, context: ExecutionContext = .default
  ) throws -> [ImageDecision] {
    guard inputs.rowShape == network.imageShape else {
      throw NetworkError.imageShape(expected: network.imageShape, found: inputs.rowShape)
    }
    return decisions(
      try StudentEvaluator(self, context: context).run(
        inputs, policy: isDynamic ? .selector : .uniform(0)))
  }

  private func decisions(_ run: StudentRun) -> [ImageDecision] {
    let classes = network.classCount
    return run.predictions.indices.map { image in
      ImageDecision(
        prediction: run.predictions[image],
        logits: Array(run.logits[image * classes..<(image + 1) * classes]),
        bits: run.bits[image], meanBits: run.meanBits[image], bitOPs: run.bitOPs[image])
    }
  }
}
