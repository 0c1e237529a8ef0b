public import DFQEngine
public import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// SynQ's low-pass filter of synthetic images (Kim et al., ICLR 2025): a Gaussian in the domain of
/// frequencies.
///
/// Synthesized images have more energy in high frequencies than natural ones. The discrete Fourier
/// transform F(u, v) of each channel becomes
///
/// ```
/// exp(-(u^2 + v^2) / (2 D0^2)) F(u, v)        u, v: signed frequencies, in cycles over the image
/// ```
///
/// The map is linear and symmetric, so that it is its own transpose. Images wrap around at their borders.
public struct LowPassFilter: CataloguedMethod, Codable, Hashable {
  /// Its name in the catalogue.
  public static let kind = "low-pass filter"

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "SynQ's filter: images lose the high frequencies that synthesis leaves in them.",
    cost: 1.1,
    reference: .init(
      "Kim et al.", "SynQ: Accurate Zero-shot Quantization by Synthesis-aware Fine-tuning",
      "ICLR", 2025),
    formula: "F(u, v) exp(-(u^2 + v^2) / (2 D0^2)), D0 = cutoff * side of the image", page: "SynQ",
    notes: [
      "In training: {lowPass: {cutoff: 0.357}} in recipes, --low-pass in the tool.",
      "Whole sets: SyntheticImages.filtered(by:).",
    ])

  /// What the official code does with images of 32 pixels: D0 is 80 there too, and hardly filters.
  public static let variants: [String: LowPassFilter] = ["officialCode": .officialCode]

  /// D0 as a share of the image's side: the frequency, in cycles a pixel, that keeps e^(-1/2) of itself.
  public var cutoff: Float

  /// Makes a filter; the default is the published D0 = 80 at 224 pixels.
  public init(cutoff: Float = 80.0 / 224) { self.cutoff = cutoff }

  /// D0 = 80 at 224 pixels, in proportion to the image's size.
  public static let published = LowPassFilter()

  /// D0 = 80 at 32 pixels, as the official code has it for CIFAR.
  public static let officialCode = LowPassFilter(cutoff: 80.0 / 32)

  /// Checks the cutoff.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``.
  public func check() throws {
    guard cutoff.isFinite, cutoff > 0 else {
      throw SynthesisError.badConfiguration(
        what: "a cutoff above 0 of a low-pass filter", found: "\(cutoff)")
    }
  }

  /// The weights of one axis: element n is that of the pixel n further, all around.
  ///
  /// They are the inverse transform of the Gaussian, 1/N sum over u of exp(-u^2 / (2 D0^2)) cos(2 pi u n / N).
  func kernel(size: Int) -> [Float] {
    let deviation = Double(cutoff) * Double(size)
    let frequencies = (0..<size).map { $0 - size / 2 }
    return (0..<size).map { shift in
      let sum = frequencies.reduce(0.0) { sum, frequency in
        let u = Double(frequency)
        return sum + exp(-u * u / (2 * deviation * deviation))
          * cos(2 * Double.pi * u * Double(shift) / Double(size))
      }
      return Float(sum / Double(size))
    }
  }
}

extension LowPassFilter: ImageTransform {
  /// The filtered images N H W C.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for another shape than that of
  ///   images with at least one pixel.
  public func apply(_ images: Tensor) throws -> Tensor {
    let shape = images.shape
    guard shape.rank == 4, shape[1] > 0, shape[2] > 0 else {
      throw SynthesisError.badImages(
        source: "a low-pass filter", expected: "images N H W C of at least one pixel",
        found: "\(shape)")
    }
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let (rows, columns) = (kernel(size: height), kernel(size: width))
    let line = width * channels
    var middle = [Float](repeating: 0, count: height * line)
    var result = Tensor(shape: shape)
    images.withUnsafeElements { source in
      result.withUnsafeMutableElements { target in
        for start in stride(from: 0, to: source.count, by: height * line) {
          for place in middle.indices { middle[place] = 0 }
          for y in 0..<height {
            for other in 0..<height {
              let weight = rows[(y - other + height) % height]
              let input = start + other * line
              for place in 0..<line { middle[y * line + place] += weight * source[input + place] }
            }
          }
          for y in 0..<height {
            for x in 0..<width {
              let output = start + y * line + x * channels
              for other in 0..<width {
                let weight = columns[(x - other + width) % width]
                let input = y * line + other * channels
                for c in 0..<channels { target[output + c] += weight * middle[input + c] }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// The gradient at the images: the filter of the gradient.
  ///
  /// - Throws: As ``apply(_:)``.
  public func pullback(_ gradient: Tensor, images: Tensor) throws -> Tensor { try apply(gradient) }
}
