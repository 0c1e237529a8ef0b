public import DFQFiles
public import DFQTensor

/// Runs an integer network with memory of its own, which is allocated once.
///
/// Rules of a cascade that look at several images go on from call to call: a stream of images may come
/// in parts. Use a predictor from one task at a time; make one for each task.
public final class Predictor {
  /// The network.
  public let network: IntegerNetwork
  private let memory: PredictorMemory
  private var continuations: [CascadeContinuation]

  /// Takes memory for a network.
  public init(_ network: IntegerNetwork) {
    self.network = network
    memory = PredictorMemory(network.storage)
    continuations = network.continuations
  }

  /// Forgets the images so far: the next one is the first.
  public func reset() { continuations = network.continuations }

  /// Classifies images of 8-bit pixels.
  ///
  /// - Parameters:
  ///   - pixels: The images one after the other, N H W C.
  ///   - count: The number of images N.
  ///   - predictions: Receives what the network did; its memory is kept from call to call.
  /// - Throws: ``RuntimeError/noImages``, ``RuntimeError/count(what:expected:found:)``.
  public func predict(
    pixels: UnsafeBufferPointer<UInt8>, count: Int, into predictions: inout Predictions
  ) throws {
    try network.check(count: count, elements: pixels.count, what: "pixels")
    network.run(
      .pixels(pixels.baseAddress!), count: count, memory: memory, continuations: &continuations,
      into: &predictions)
  }

  /// Classifies images.
  ///
  /// - Throws: ``RuntimeError/noImages``, ``RuntimeError/imageShape(expected:found:)``.
  public func predict(_ images: [PixelImage]) throws -> Predictions {
    let pixels = try network.pixels(of: images)
    var predictions = Predictions()
    try pixels.withUnsafeBufferPointer {
      try predict(pixels: $0, count: images.count, into: &predictions)
    }
    return predictions
  }

  /// Classifies normalized inputs N H W C.
  ///
  /// - Throws: ``RuntimeError/noImages``, ``RuntimeError/imageShape(expected:found:)``.
  public func predict(inputs: Tensor) throws -> Predictions {
    try network.check(inputs)
    var predictions = Predictions()
    inputs.elements.withUnsafeBufferPointer {
      network.run(
        .values($0.baseAddress!), count: inputs.rowCount, memory: memory,
        continuations: &continuations, into: &predictions)
    }
    return predictions
  }
}
