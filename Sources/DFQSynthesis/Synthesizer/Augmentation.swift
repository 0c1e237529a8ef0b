public import DFQTensor

/// A random resized crop and flip of each image as a linear map, with its transpose for gradients.
///
/// A crop has 0.5...1 of the image's area and an aspect ratio of 3/4...4/3; it is resized to the full
/// size by bilinear interpolation and mirrored with probability 1/2 (local object reinforcement,
/// Zhong et al., CVPR 2022, section 3.2).
public struct Augmentation: Sendable {
  /// One image's crop.
  struct Crop: Sendable {
    let rows: [Tap]
    let columns: [Tap]
  }

  /// An output position reads two neighbouring input positions.
  struct Tap: Sendable {
    let first: Int
    let second: Int
    let share: Float
  }

  let crops: [Crop]
  let shape: Shape

  /// Draws a crop and flip for each image of a batch N H W C.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for another shape than that of
  ///   images with at least one pixel.
  public init(batch shape: Shape, stream: inout RandomStream) throws {
    guard shape.rank == 4, shape[1] > 0, shape[2] > 0 else {
      throw SynthesisError.badImages(
        source: "augmentation", expected: "images N H W C of at least one pixel", found: "\(shape)")
    }
    self.shape = shape
    var crops: [Crop] = []
    for _ in 0..<shape[0] {
      crops.append(Augmentation.crop(height: shape[1], width: shape[2], stream: &stream))
    }
    self.crops = crops
  }

  private static func crop(height: Int, width: Int, stream: inout RandomStream) -> Crop {
    let area = stream.uniform(0.5, 1) * Float(height * width)
    let aspect = stream.uniform(0.75, 4 / 3)
    let cropWidth = min(max(Int((area * aspect).squareRoot().rounded()), 1), width)
    let cropHeight = min(max(Int((area / aspect).squareRoot().rounded()), 1), height)
    let top = stream.integer(below: height - cropHeight + 1)
    let left = stream.integer(below: width - cropWidth + 1)
    let mirrored = stream.uniform() < 0.5
    return Crop(
      rows: taps(height, from: top, extent: cropHeight, mirrored: false),
      columns: taps(width, from: left, extent: cropWidth, mirrored: mirrored))
  }

  /// Positions are pixel centres (align_corners false), clamped to the crop.
  private static func taps(_ size: Int, from start: Int, extent: Int, mirrored: Bool) -> [Tap] {
    let taps = (0..<size).map { place in
      let source = (Float(place) + 0.5) * Float(extent) / Float(size) - 0.5
      let clamped = min(max(source, 0), Float(extent - 1))
      let first = Int(clamped)
      return Tap(
        first: start + first, second: start + min(first + 1, extent - 1),
        share: clamped - Float(first))
    }
    return mirrored ? taps.reversed() : taps
  }

  /// The augmented batch N H W C.
  ///
  /// - Precondition: The images have the shape that the crops were drawn for.
  public func apply(_ images: Tensor) -> Tensor {
    precondition(images.shape == shape, "drawn for \(shape), found \(images.shape)")
    return mapped(images) { target, source, output, input, weight, channels in
      for c in 0..<channels { target[output + c] += weight * source[input + c] }
    }
  }

  /// The gradient at the images given that at the augmented batch: the transposed map.
  ///
  /// - Precondition: The gradient has the shape that the crops were drawn for.
  public func transpose(_ gradient: Tensor) -> Tensor {
    precondition(gradient.shape == shape, "drawn for \(shape), found \(gradient.shape)")
    return mapped(gradient) { target, source, output, input, weight, channels in
      for c in 0..<channels { target[input + c] += weight * source[output + c] }
    }
  }

  /// A batch cropped, resized back and flipped at random.
  ///
  /// - Throws: As ``init(batch:stream:)``.
  public static func cropAndFlip(_ images: Tensor, stream: inout RandomStream) throws -> Tensor {
    try Augmentation(batch: images.shape, stream: &stream).apply(images)
  }

  /// Calls `body` for all pairs of an output and an input pixel with their weight.
  @inline(__always)
  private func mapped(
    _ values: Tensor,
    _ body: (
      UnsafeMutableBufferPointer<Float>, UnsafeBufferPointer<Float>, _ output: Int, _ input: Int,
      _ weight: Float, _ channels: Int
    ) -> Void
  ) -> Tensor {
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    var result = Tensor(shape: shape)
    values.withUnsafeElements { source in
      result.withUnsafeMutableElements { target in
        for (image, crop) in crops.enumerated() {
          for y in 0..<height {
            let row = crop.rows[y]
            for x in 0..<width {
              let column = crop.columns[x]
              let output = ((image * height + y) * width + x) * channels
              func line(_ line: Int, _ weight: Float) {
                let start = (image * height + line) * width
                let (first, second) = (start + column.first, start + column.second)
                let left = weight * (1 - column.share)
                body(target, source, output, first * channels, left, channels)
                let right = weight * column.share
                body(target, source, output, second * channels, right, channels)
              }
              line(row.first, 1 - row.share)
              line(row.second, row.share)
            }
          }
        }
      }
    }
    return result
  }
}
