package import DFQGraph
public import DFQTensor

/// What a selector can look at in the image itself: its edges.
///
/// All are means over the pixels of the image in grey, in units of 0...1, of Sobel's differences
/// gx = [-1 0 1; -2 0 2; -1 0 1] and gy, its transpose; pixels beyond the border repeat those at it.
public enum ImageStatistic: String, Sendable, Codable, CaseIterable {
  /// The mean of |gx|.
  case horizontalGradient
  /// The mean of |gy|.
  case verticalGradient
  /// The mean of (gx^2 + gy^2)^(1/2).
  case gradientMagnitude
}

/// Statistics of an image that a decision reads besides those of a layer's output.
public struct ImageFeatures: Sendable, Hashable {
  /// The statistics, in the order they are written.
  public let statistics: [ImageStatistic]
  /// The image's shape, H W C.
  public let shape: Shape

  /// Describes statistics of images of a shape H W C.
  public init(_ statistics: [ImageStatistic], shape: Shape) {
    self.statistics = ImageStatistic.allCases.filter { statistics.contains($0) }
    self.shape = shape
  }

  /// Multiply-accumulate operations on 8-bit values for one image: for every pixel one for each
  /// channel (grey), 6 for each of Sobel's differences, and one for each of them that is added up.
  public var macs: Int {
    guard shape.rank == 3 else { return 0 }
    return shape[0] * shape[1] * (shape[2] + 12 + 2)
  }

  /// Measures a normalized image.
  ///
  /// - Parameters:
  ///   - image: The image's values H W C.
  ///   - preprocessing: What turned pixels into these values; it is undone.
  ///   - output: Takes one value for each statistic.
  package func measure(
    _ image: UnsafePointer<Float>, preprocessing: Preprocessing,
    into output: UnsafeMutablePointer<Float>
  ) {
    let (height, width, channels) = (shape[0], shape[1], shape[2])
    // Rec. 601's weights for colour images, the mean otherwise.
    let weights: [Float] =
      channels == 3
      ? [0.299, 0.587, 0.114] : .init(repeating: 1 / Float(channels), count: channels)
    var grey = [Float](repeating: 0, count: height * width)
    for pixel in grey.indices {
      for c in 0..<channels {
        let own = c % preprocessing.mean.count
        grey[pixel] +=
          weights[c]
          * (image[pixel * channels + c] * preprocessing.standardDeviation[own]
            + preprocessing.mean[own])
      }
    }
    var sums = (horizontal: 0.0, vertical: 0.0, magnitude: 0.0)
    for y in 0..<height {
      let (above, below) = (max(y - 1, 0) * width, min(y + 1, height - 1) * width)
      let row = y * width
      for x in 0..<width {
        let (left, right) = (max(x - 1, 0), min(x + 1, width - 1))
        let gx =
          grey[above + right] - grey[above + left] + 2 * (grey[row + right] - grey[row + left])
          + grey[below + right] - grey[below + left]
        let gy =
          grey[below + left] - grey[above + left] + 2 * (grey[below + x] - grey[above + x])
          + grey[below + right] - grey[above + right]
        sums.horizontal += Double(abs(gx))
        sums.vertical += Double(abs(gy))
        sums.magnitude += Double((gx * gx + gy * gy).squareRoot())
      }
    }
    let count = Double(max(grey.count, 1))
    for (place, statistic) in statistics.enumerated() {
      switch statistic {
      case .horizontalGradient: output[place] = Float(sums.horizontal / count)
      case .verticalGradient: output[place] = Float(sums.vertical / count)
      case .gradientMagnitude: output[place] = Float(sums.magnitude / count)
      }
    }
  }
}
