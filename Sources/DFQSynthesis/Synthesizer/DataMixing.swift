public import DFQTensor

/// Each image of a batch with another one, made small, in a box of it, as a linear map with its
/// transpose for gradients: MixMix's data mixing (Li et al., "MixMix: All You Need for Data-Free
/// Compression Are Feature and Data Mixing", ICCV 2021).
///
/// The box has the image's proportions. The whole of the other image is resized to it by bilinear
/// interpolation, so that both images stay recognizable, and both labels hold.
public struct DataMixing: Sendable {
  /// Where the other image is pasted, and what it reads there.
  struct Box: Sendable, Equatable {
    let top: Int
    let left: Int
    let height: Int
    let width: Int
  }

  /// The image that is pasted into each image.
  public let partners: [Int]
  let boxes: [Box]
  let shape: Shape

  /// Draws partners and boxes for a batch N H W C: a random order of the images, and boxes whose sides
  /// are a share of the image's.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for another shape than that of
  ///   images with at least one pixel, and ``SynthesisError/badConfiguration(what:found:)`` for sides
  ///   outside of 0...1.
  public init(
    batch shape: Shape, sides: ClosedRange<Float> = 0.25...0.75, stream: inout RandomStream
  ) throws {
    guard shape.rank == 4, shape[1] > 0, shape[2] > 0 else {
      throw SynthesisError.badImages(
        source: "data mixing", expected: "images N H W C of at least one pixel", found: "\(shape)")
    }
    guard sides.lowerBound >= 0, sides.upperBound <= 1 else {
      throw SynthesisError.badConfiguration(what: "sides of a box in 0...1", found: "\(sides)")
    }
    var boxes: [Box] = []
    for _ in 0..<shape[0] {
      let side = stream.uniform(sides.lowerBound, sides.upperBound)
      let height = min(max(Int((side * Float(shape[1])).rounded()), 1), shape[1])
      let width = min(max(Int((side * Float(shape[2])).rounded()), 1), shape[2])
      boxes.append(
        Box(
          top: stream.integer(below: shape[1] - height + 1),
          left: stream.integer(below: shape[2] - width + 1), height: height, width: width))
    }
    self.init(partners: stream.permutation(shape[0]), boxes: boxes, shape: shape)
  }

  init(partners: [Int], boxes: [Box], shape: Shape) {
    self.partners = partners
    self.boxes = boxes
    self.shape = shape
  }

  /// The share of each image's area that its partner has.
  public var shares: [Float] {
    boxes.map { Float($0.height * $0.width) / Float(shape[1] * shape[2]) }
  }

  /// Labels N C mixed as the images are: the partner's with the given share each.
  public func labels(_ labels: Tensor, shares: [Float]) -> Tensor {
    var result = labels
    let classes = labels.rowShape.count
    for (image, partner) in partners.enumerated() {
      for c in 0..<classes {
        result[image * classes + c] =
          (1 - shares[image]) * labels[image * classes + c]
          + shares[image] * labels[partner * classes + c]
      }
    }
    return result
  }

  /// An output position of a box reads two neighbouring positions of the whole image.
  private static func taps(_ size: Int, extent: Int) -> [(first: Int, second: Int, share: Float)] {
    (0..<extent).map { place in
      let source = (Float(place) + 0.5) * Float(size) / Float(extent) - 0.5
      let clamped = min(max(source, 0), Float(size - 1))
      let first = Int(clamped)
      return (first, min(first + 1, size - 1), clamped - Float(first))
    }
  }

  /// Calls `body` for all pairs of a pixel inside of a box and a pixel of the partner with their weight,
  /// both as places of the first channel.
  private func forEachPair(_ body: (_ output: Int, _ input: Int, _ weight: Float) -> Void) {
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    for (image, box) in boxes.enumerated() {
      let rows = DataMixing.taps(height, extent: box.height)
      let columns = DataMixing.taps(width, extent: box.width)
      let source = partners[image] * height
      for (y, row) in rows.enumerated() {
        for (x, column) in columns.enumerated() {
          let output = ((image * height + box.top + y) * width + box.left + x) * channels
          for (line, vertical) in [(row.first, 1 - row.share), (row.second, row.share)] {
            let start = (source + line) * width
            body(output, (start + column.first) * channels, vertical * (1 - column.share))
            body(output, (start + column.second) * channels, vertical * column.share)
          }
        }
      }
    }
  }

  /// Sets the pixels of all boxes to 0.
  private func clearBoxes(_ tensor: inout Tensor) {
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    tensor.withUnsafeMutableElements { elements in
      for (image, box) in boxes.enumerated() {
        for y in box.top..<box.top + box.height {
          let start = ((image * height + y) * width + box.left) * channels
          for place in start..<start + box.width * channels { elements[place] = 0 }
        }
      }
    }
  }
}

extension DataMixing: ImageTransform {
  /// The mixed images N H W C.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for another shape than that of the
  ///   batch that was drawn for.
  public func apply(_ images: Tensor) throws -> Tensor {
    try check(images)
    var result = images
    clearBoxes(&result)
    images.withUnsafeElements { source in
      result.withUnsafeMutableElements { target in
        forEachPair { output, input, weight in
          for c in 0..<shape[3] { target[output + c] += weight * source[input + c] }
        }
      }
    }
    return result
  }

  /// The gradient at the images: the transposed map.
  ///
  /// - Throws: As ``apply(_:)``.
  public func pullback(_ gradient: Tensor, images: Tensor) throws -> Tensor {
    try check(gradient)
    var result = gradient
    clearBoxes(&result)
    gradient.withUnsafeElements { source in
      result.withUnsafeMutableElements { target in
        forEachPair { output, input, weight in
          for c in 0..<shape[3] { target[input + c] += weight * source[output + c] }
        }
      }
    }
    return result
  }

  private func check(_ tensor: Tensor) throws {
    guard tensor.shape == shape else {
      throw SynthesisError.badImages(
        source: "data mixing", expected: "images \(shape)", found: "\(tensor.shape)")
    }
  }
}
