public import DFQFiles
import DFQEngine
import DFQGraph
public import DFQTensor

/// What a student did with one image.
public struct ImageDecision: Sendable, Codable, Equatable {
  /// The predicted class.
  public let prediction: Int
  /// The predicted class's name, where the images' set names its classes.
  public let className: String?
  /// The logits, C.
  public let logits: [Float]
  /// The bits of each quantized output in the last pass, in the order of
  /// ``QuantizedNetwork/quantizedOutputs``.
  public let bits: [Int]
  /// The MAC-weighted mean of `bits`.
  public let meanBits: Double
  /// The number of passes.
  public let passes: Int
  /// BitOPs of the image: all its passes and the selector.
  public let bitOPs: Double
}

extension QuantizedNetwork {
  /// Classifies real images and tells which bits each of them got.
  ///
  /// - Throws: ``QuantizationError`` for no images, or for bits the student does not have;
  ///   `NetworkError` for images of another shape; what the images throw.
  public func decisions(
    on images: any RealImages, bits: BitPolicy = .selector, context: ExecutionContext = .default
  ) throws -> [ImageDecision] {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "classification") }
    let names = images.classNames.count == network.classCount ? images.classNames : nil
    return decisions(
      try StudentEvaluator(self, context: context).run(images, policy: bits), names: names)
  }

  /// Classifies inputs N H W C that are already normalized, synthetic ones for example.
  ///
  /// - Throws: ``QuantizationError`` for bits the student does not have; `NetworkError` for inputs
  ///   of another shape.
  public func decisions(
    ofInputs inputs: Tensor, bits: BitPolicy = .selector, context: ExecutionContext = .default
  ) throws -> [ImageDecision] {
    decisions(
      try StudentEvaluator(self, context: context).run(inputs, policy: bits), names: nil)
  }

  private func decisions(_ run: StudentRun, names: [String]?) -> [ImageDecision] {
    let classes = network.classCount
    return run.predictions.indices.map { image in
      ImageDecision(
        prediction: run.predictions[image], className: names?[run.predictions[image]],
        logits: Array(run.logits[image * classes..<(image + 1) * classes]),
        bits: run.bits[image], meanBits: run.meanBits[image], passes: run.passes[image],
        bitOPs: run.bitOPs[image])
    }
  }
}
