public import DFQFiles
public import DFQTensor

/// The normalization that turns a real image's pixels into a network's input.
///
/// value = (pixel / 255 - mean[c]) / standardDeviation[c], pixels 0...255. The normalization
/// belongs to the network and is saved with it.
public struct Preprocessing: Hashable, Sendable {
  /// The mean of each channel, in units of 0...1.
  public let mean: [Float]
  /// The standard deviation of each channel, in units of 0...1.
  public let standardDeviation: [Float]

  /// Creates a normalization with one mean and one standard deviation per channel.
  ///
  /// - Throws: ``NetworkError/badPreprocessing(expected:found:)`` where the numbers differ in
  ///   count, aren't finite, or a standard deviation isn't above 0.
  public init(mean: [Float], standardDeviation: [Float]) throws {
    guard !mean.isEmpty, mean.count == standardDeviation.count else {
      throw NetworkError.badPreprocessing(
        expected: "as many means as standard deviations, at least one",
        found: "\(mean.count) and \(standardDeviation.count)")
    }
    guard mean.allSatisfy(\.isFinite),
      standardDeviation.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw NetworkError.badPreprocessing(
        expected: "finite means and standard deviations above 0",
        found: "\(mean) and \(standardDeviation)")
    }
    self.init(checked: mean, standardDeviation)
  }

  private init(checked mean: [Float], _ standardDeviation: [Float]) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// ImageNet's statistics, also used by the public CIFAR-10 ResNets.
  public static let imageNet = Preprocessing(
    checked: [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
  /// Fashion-MNIST's statistics over its 60,000 training images.
  public static let fashionMNIST = Preprocessing(checked: [0.2860], [0.3530])
  /// (pixel - 127) / 128, as EfficientNet-Lite was trained.
  public static let efficientNetLite = Preprocessing(
    checked: [Float](repeating: 127 / 255, count: 3), [Float](repeating: 128 / 255, count: 3))
  /// Pixels scaled to 0...1 for any number of channels.
  public static func unit(channels: Int) -> Preprocessing {
    Preprocessing(
      checked: [Float](repeating: 0, count: max(channels, 1)),
      [Float](repeating: 1, count: max(channels, 1)))
  }

  /// Returns the network's input H W C for a real image.
  ///
  /// - Throws: ``NetworkError/imageShape(expected:found:)`` where the image doesn't fit `shape`.
  public func apply(to image: PixelImage, shape: Shape) throws -> Tensor {
    let found: Shape = [image.height, image.width, image.channels]
    guard found == shape, image.channels == mean.count else {
      throw NetworkError.imageShape(expected: shape, found: found)
    }
    let channels = mean.count
    var elements = [Float](repeating: 0, count: shape.count)
    for index in elements.indices {
      let channel = index % channels
      elements[index] =
        (Float(image.pixels[index]) / 255 - mean[channel]) / standardDeviation[channel]
    }
    return Tensor(shape: shape, elements: elements)
  }

  /// Returns the picture that a network's input H W C stands for, pixels clamped to 0...255.
  ///
  /// - Throws: ``NetworkError/imageShape(expected:found:)`` where the input has another rank or
  ///   number of channels.
  public func picture(of input: Tensor) throws -> PixelImage {
    let channels = mean.count
    guard input.shape.rank == 3, input.shape[2] == channels, input.count > 0,
      channels == 1 || channels == 3
    else {
      throw NetworkError.imageShape(expected: [0, 0, channels], found: input.shape)
    }
    let pixels = input.elements.enumerated().map { index, value in
      let channel = index % channels
      let pixel = (value * standardDeviation[channel] + mean[channel]) * 255
      return UInt8(min(max(pixel.isNaN ? 0 : pixel, 0), 255).rounded())
    }
    return PixelImage(
      height: input.shape[0], width: input.shape[1], channels: channels, pixels: pixels)
  }
}
