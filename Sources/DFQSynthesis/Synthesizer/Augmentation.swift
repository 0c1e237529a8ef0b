public import DFQTensor

/// A random resized crop and flip of each image as a linear map, with its transpose for gradients:
/// area 0.5...1 of the image, aspect 3/4...4/3, bilinear back to full size, mirrored with
/// probability 1/2 (IntraQ's local object reinforcement; methods.md 2.6, item 2).
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
  public init(batch shape: Shape, stream: inout RandomStream) {
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
  public func apply(_ images: Tensor) -> Tensor {
    var result = Tensor(shape: shape)
    images.withUnsafeElements { source in
      result.withUnsafeMutableElements { target in
        forEachTap { output, input, weight in
          for c in 0..<shape[3] { target[output + c] += weight * source[input + c] }
        }
      }
    }
    return result
  }

  /// The gradient at the images given that at the augmented batch: the transposed map.
  public func transpose(_ gradient: Tensor) -> Tensor {
    var result = Tensor(shape: shape)
    gradient.withUnsafeElements { source in
      result.withUnsafeMutableElements { target in
        forEachTap { output, input, weight in
          for c in 0..<shape[3] { target[input + c] += weight * source[output + c] }
        }
      }
    }
    return result
  }

  /// A batch cropped, resized back and flipped at random.
  public static func cropAndFlip(_ images: Tensor, stream: inout RandomStream) -> Tensor {
    Augmentation(batch: images.shape, stream: &stream).apply(images)
  }

  private func forEachTap(_ body: (_ output: Int, _ input: Int, _ weight: Float) -> Void) {
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    for (image, crop) in crops.enumerated() {
      let base = image * height * width
      for (y, row) in crop.rows.enumerated() {
        for (x, column) in crop.columns.enumerated() {
          let output = (base + y * width + x) * channels
          for (line, rowWeight) in [(row.first, 1 - row.share), (row.second, row.share)]
          where rowWeight != 0 {
            let start = base + line * width
            body(output, (start + column.first) * channels, rowWeight * (1 - column.share))
            if column.share != 0 {
              body(output, (start + column.second) * channels, rowWeight * column.share)
            }
          }
        }
      }
    }
  }
}
