import DFQEngine
public import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How an image's energy is distributed over Laws' texture filters (Laws, "Rapid Texture
/// Identification", SPIE 1980), against the distribution that natural images have: the texture term of
/// TexQ (Chen et al., NeurIPS 2023), as far as it is known.
///
/// The filters are the products of L5, E5, S5, W5 and R5 over rows and columns but L5 L5, on the mean of
/// the channels. The energy of a filter is the mean square of its output; filters that are each other's
/// transpose share one energy. With the 14 shares e_k of the energies and the expected ones t_k the
/// loss of an image is KL(t || e), averaged over the batch. It does not depend on contrast.
public struct TextureEnergy: PixelObjective {
  /// The loss's name in logs.
  public let name = "texture energy"
  /// The factor of the loss in the total.
  public let weight: Float
  /// The expected shares t_k, summing to 1, in the order of ``pairs``.
  public let shares: [Double]

  /// Laws' vectors: level, edge, spot, wave, ripple.
  package static let vectors: [[Float]] = [
    [1, 4, 6, 4, 1], [-1, -2, 0, 2, 1], [-1, 0, 2, 0, -1], [-1, 2, 0, -2, 1], [1, -4, 6, -4, 1],
  ]
  /// The two vectors of each energy, as positions in the order L, E, S, W, R.
  public static let pairs: [(Int, Int)] = (0..<5).flatMap { a in (a..<5).map { (a, $0) } }
    .filter { $0 != (0, 0) }

  /// Makes the loss with the shares that images with a power spectrum of 1 / f^exponent have.
  ///
  /// The exponent of natural images is about 2 (Field, "Relations between the statistics of natural
  /// images and the response properties of cortical cells", JOSA A 1987).
  public init(spectrumExponent: Float = 2, weight: Float = 1) {
    shares = TextureEnergy.expectedShares(spectrumExponent: Double(spectrumExponent))
    self.weight = weight
  }

  /// The shares of the energies under a power spectrum of 1 / f^exponent, summed over a grid of
  /// 64 x 64 frequencies without the mean.
  package static func expectedShares(spectrumExponent: Double) -> [Double] {
    let grid = 64
    let responses = vectors.map { vector in
      (0..<grid).map { k in
        let angle = 2 * Double.pi * Double(k - grid / 2) / Double(grid)
        var (real, imaginary) = (0.0, 0.0)
        for (place, value) in vector.enumerated() {
          real += Double(value) * cos(angle * Double(place))
          imaginary += Double(value) * sin(angle * Double(place))
        }
        return real * real + imaginary * imaginary
      }
    }
    let energies = pairs.map { a, b in
      var sum = 0.0
      for v in 0..<grid {
        for u in 0..<grid where u != grid / 2 || v != grid / 2 {
          let (x, y) = (Double(u - grid / 2), Double(v - grid / 2))
          sum += responses[a][u] * responses[b][v] * pow(x * x + y * y, -spectrumExponent / 2)
        }
      }
      return sum
    }
    let total = energies.reduce(0, +)
    return energies.map { $0 / total }
  }

  /// The shares e_k of each image's energies, N rows of 14; images are N H W C of at least 5 x 5.
  package static func shares(of images: Tensor) -> [[Double]] {
    (0..<images.rowCount).map { image in
      let energies = TextureFilters(images, image: image).energies
      let total = energies.reduce(0, +)
      return energies.map { $0 / total }
    }
  }

  /// The loss of images N H W C and its gradient.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for images smaller than 5 x 5.
  public func evaluate(
    images: Tensor, context: ExecutionContext
  ) throws -> (loss: Double, gradient: Tensor) {
    guard images.shape[1] >= 5, images.shape[2] >= 5 else {
      throw SynthesisError.badImages(
        source: name, expected: "images of at least 5x5", found: "\(images.shape)")
    }
    let count = images.rowCount
    var gradient = Tensor(shape: images.shape)
    var losses = [Double](repeating: 0, count: count)
    let size = images.rowShape.count
    gradient.withUnsafeMutableElements { target in
      losses.withUnsafeMutableBufferPointer { losses in
        nonisolated(unsafe) let (target, losses) = (target.baseAddress!, losses.baseAddress!)
        context.pool.forEach(count) { image, _ in
          let filters = TextureFilters(images, image: image)
          let energies = filters.energies
          let total = energies.reduce(0, +)
          var slopes: [Double] = []
          for (share, energy) in zip(shares, energies) {
            losses[image] += share * (log(share) - log(energy / total))
            slopes.append((1 / total - share / energy) / Double(count))
          }
          filters.addGradient(slopes, to: target + image * size)
        }
      }
    }
    return (losses.reduce(0, +) / Double(max(count, 1)), gradient)
  }
}
