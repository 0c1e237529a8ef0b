public import DFQFiles
public import DFQTensor

extension IntegerNetwork {
  /// Classifies an image.
  ///
  /// - Throws: ``RuntimeError/imageShape(expected:found:)``.
  public func predict(_ image: PixelImage) throws -> Prediction { try predict([image])[0] }

  /// Classifies a batch of images; rules of a cascade that look at several images look at this batch.
  ///
  /// - Throws: ``RuntimeError/noImages``, ``RuntimeError/imageShape(expected:found:)``.
  public func predict(_ images: [PixelImage]) throws -> Predictions {
    let pixels = try pixels(of: images)
    return try pixels.withUnsafeBufferPointer { try predict(pixels: $0, count: images.count) }
  }

  /// Classifies images of 8-bit pixels, N H W C one after the other.
  ///
  /// - Throws: ``RuntimeError/noImages``, ``RuntimeError/count(what:expected:found:)``.
  public func predict(
    pixels: UnsafeBufferPointer<UInt8>, count: Int
  ) throws -> Predictions {
    try check(count: count, elements: pixels.count, what: "pixels")
    return run(.pixels(pixels.baseAddress!), count: count)
  }

  /// Classifies normalized inputs N H W C.
  ///
  /// - Throws: ``RuntimeError/noImages``, ``RuntimeError/imageShape(expected:found:)``.
  public func predict(inputs: Tensor) throws -> Predictions {
    try check(inputs)
    return inputs.elements.withUnsafeBufferPointer {
      run(.values($0.baseAddress!), count: inputs.rowCount)
    }
  }

  /// Classifies a stream of images, one after the other, off the caller's executor.
  ///
  /// Rules of a cascade that follow the images so far follow this stream.
  public func predictions<Images: AsyncSequence & Sendable>(
    for images: Images
  ) -> AsyncThrowingStream<Prediction, any Error> where Images.Element == PixelImage {
    AsyncThrowingStream { continuation in
      let task = Task.detached {
        do {
          let predictor = Predictor(self)
          for try await image in images {
            continuation.yield(try predictor.predict([image])[0])
          }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  private func run(_ images: InputImages, count: Int) -> Predictions {
    let memory = storage.idle.withLock { $0.popLast() } ?? PredictorMemory(storage)
    defer { storage.idle.withLock { $0.append(memory) } }
    var continuations = continuations
    var predictions = Predictions()
    run(
      images, count: count, memory: memory, continuations: &continuations, into: &predictions)
    return predictions
  }

  /// What decides at each level but the last, before any image.
  var continuations: [CascadeContinuation] {
    let model = storage.model
    return model.thresholds.indices.map {
      CascadeContinuation(
        rule: model.rule, share: model.shares[$0], threshold: model.thresholds[$0])
    }
  }

  func pixels(of images: [PixelImage]) throws -> [UInt8] {
    guard !images.isEmpty else { throw RuntimeError.noImages }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(images.count * imageShape.count)
    for image in images {
      let found: Shape = [image.height, image.width, image.channels]
      guard found == imageShape else {
        throw RuntimeError.imageShape(expected: imageShape, found: found)
      }
      pixels += image.pixels
    }
    return pixels
  }

  func check(_ inputs: Tensor) throws {
    guard inputs.rowCount > 0 else { throw RuntimeError.noImages }
    guard inputs.rowShape == imageShape else {
      throw RuntimeError.imageShape(expected: imageShape, found: inputs.rowShape)
    }
  }

  func check(count: Int, elements: Int, what: String) throws {
    guard count > 0 else { throw RuntimeError.noImages }
    let (expected, overflow) = count.multipliedReportingOverflow(by: imageShape.count)
    guard !overflow, elements == expected else {
      throw RuntimeError.count(what: what, expected: expected, found: elements)
    }
  }
}
