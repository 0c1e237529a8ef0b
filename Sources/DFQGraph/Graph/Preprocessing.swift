public import DFQFiles
public import DFQTensor

/// How a real image's pixels become a network's input: it belongs to the network, so nobody can
/// normalize wrongly.
///
/// value = (pixel / 255 - mean[c]) / standardDeviation[c], pixels 0...255.
public struct Preprocessing: Hashable, Sendable {
  /// The mean of each channel, in units of 0...1.
  public let mean: [Float]
  /// The standard deviation of each channel, in units of 0...1.
  public let standardDeviation: [Float]

  /// Makes a normalization with one mean and one standard deviation per channel.
  public init(mean: [Float], standardDeviation: [Float]) {
    precondition(mean.count == standardDeviation.count, "as many means as deviations")
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// ImageNet's statistics, also used by the public CIFAR-10 ResNets.
  public static let imageNet = Preprocessing(
    mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
  /// Fashion-MNIST's statistics over its 60,000 training images.
  public static let fashionMNIST = Preprocessing(mean: [0.2860], standardDeviation: [0.3530])
  /// (pixel - 127) / 128, as EfficientNet-Lite was trained.
  public static let efficientNetLite = Preprocessing(
    mean: [Float](repeating: 127 / 255, count: 3),
    standardDeviation: [Float](repeating: 128 / 255, count: 3))

  /// The network's input H W C for a real image; throws `NetworkError.imageShape` where the image
  /// does not fit `shape`.
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

  /// The picture a network's input stands for, pixels clamped to 0...255.
  public func picture(of input: Tensor) -> PixelImage {
    let channels = mean.count
    let pixels = input.elements.enumerated().map { index, value in
      let channel = index % channels
      let pixel = (value * standardDeviation[channel] + mean[channel]) * 255
      return UInt8(min(max(pixel.isNaN ? 0 : pixel, 0), 255).rounded())
    }
    return PixelImage(
      height: input.shape[0], width: input.shape[1], channels: channels, pixels: pixels)
  }
}
