import DFQTensor

/// The outputs of Laws' filters for one image, and their energies.
struct TextureFilters {
  /// The energies in the order of ``TextureEnergy/pairs``.
  let energies: [Double]
  private let height: Int
  private let width: Int
  private let channels: Int
  /// The output of each filter, rows by a and columns by b, at a * 5 + b; without that of L5 L5.
  private let outputs: [[Float]]

  /// What keeps the logarithm of an image without any texture finite.
  private static let floor = 1e-12

  init(_ images: Tensor, image: Int) {
    (height, width, channels) = (images.shape[1], images.shape[2], images.shape[3])
    let (pixels, channels) = (height * width, channels)
    var grey = [Float](repeating: 0, count: pixels)
    images.withUnsafeElements { source in
      let start = image * pixels * channels
      for pixel in 0..<pixels {
        for c in 0..<channels { grey[pixel] += source[start + pixel * channels + c] }
        grey[pixel] /= Float(channels)
      }
    }
    var outputs = [[Float]](repeating: [], count: 25)
    for (a, along) in TextureEnergy.vectors.enumerated() {
      let rows = TextureFilters.alongRows(grey, along, height: height, width: width)
      for (b, down) in TextureEnergy.vectors.enumerated() where a + b > 0 {
        outputs[a * 5 + b] = TextureFilters.downColumns(
          rows, down, height: height, width: width - 4)
      }
    }
    self.outputs = outputs
    let count = Double((height - 4) * (width - 4))
    func energy(_ a: Int, _ b: Int) -> Double {
      outputs[a * 5 + b].reduce(0.0) { $0 + Double($1) * Double($1) } / count
    }
    energies = TextureEnergy.pairs.map { a, b in
      (a == b ? energy(a, a) : (energy(a, b) + energy(b, a)) / 2) + TextureFilters.floor
    }
  }

  /// Adds the gradient at the image's pixels H W C, from the derivatives at the energies.
  func addGradient(_ slopes: [Double], to gradient: UnsafeMutablePointer<Float>) {
    let (filtered, count) = (width - 4, (height - 4) * (width - 4))
    var factors = [Float](repeating: 0, count: 25)
    for ((a, b), slope) in zip(TextureEnergy.pairs, slopes) {
      let factor = Float(2 * slope / Double(count) / (a == b ? 1 : 2))
      factors[a * 5 + b] = factor
      factors[b * 5 + a] = factor
    }
    var grey = [Float](repeating: 0, count: height * width)
    for (a, along) in TextureEnergy.vectors.enumerated() {
      var rows = [Float](repeating: 0, count: height * filtered)
      for (b, down) in TextureEnergy.vectors.enumerated() where a + b > 0 {
        let (output, factor) = (outputs[a * 5 + b], factors[a * 5 + b])
        for (shift, tap) in down.enumerated() where tap != 0 {
          let scale = tap * factor
          for place in 0..<count { rows[shift * filtered + place] += scale * output[place] }
        }
      }
      for (shift, tap) in along.enumerated() where tap != 0 {
        for y in 0..<height {
          for x in 0..<filtered {
            grey[y * width + x + shift] += tap * rows[y * filtered + x]
          }
        }
      }
    }
    for pixel in 0..<height * width {
      for c in 0..<channels { gradient[pixel * channels + c] += grey[pixel] / Float(channels) }
    }
  }

  /// H x (W - 4): each row correlated with a vector.
  private static func alongRows(
    _ values: [Float], _ vector: [Float], height: Int, width: Int
  ) -> [Float] {
    let filtered = width - 4
    var result = [Float](repeating: 0, count: height * filtered)
    for (shift, tap) in vector.enumerated() where tap != 0 {
      for y in 0..<height {
        for x in 0..<filtered { result[y * filtered + x] += tap * values[y * width + x + shift] }
      }
    }
    return result
  }

  /// (H - 4) x W: each column correlated with a vector.
  private static func downColumns(
    _ values: [Float], _ vector: [Float], height: Int, width: Int
  ) -> [Float] {
    let count = (height - 4) * width
    var result = [Float](repeating: 0, count: count)
    for (shift, tap) in vector.enumerated() where tap != 0 {
      for place in 0..<count { result[place] += tap * values[shift * width + place] }
    }
    return result
  }
}
