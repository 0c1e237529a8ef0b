public import DFQTensor

/// The distance of a batch's correlations to those of Gaussian noise: DSG's sample correlation
/// inhibition (Qin et al., "Diverse Sample Generation: Pushing the Limit of Generative Data-free
/// Quantization", TPAMI 2023), after GDPP (Elfeki et al., ICML 2019).
///
/// With the eigenvalues lambda_j and eigenvectors v_j of the images' Gram matrix of cosines, and rho_j
/// and r_j those of the noise, it is the magnitude m * mean (lambda_j - rho_j)^2 plus a structure term
/// with the weights w_j = (rho_j - min) / (max - min): - sum w_j |<v_j, r_j>| as published, and
/// |sum w_j <v_j, r_j>| in the official code, which makes the vectors orthogonal instead of equal.
public struct SampleCorrelation: PixelObjective {
  /// The loss's name in logs.
  public let name = "sample correlation"
  /// The factor of the loss in the total.
  public let weight: Float
  /// The form of the structure term.
  public let source: MethodSource
  /// The factor m of the magnitude.
  public let magnitudeWeight: Double
  private let noise: SampleSpectrum

  /// Makes the loss from noise of the batch's shape.
  ///
  /// - Throws: `LinearAlgebraError` for noise that is not finite.
  public init(
    noise: Tensor, source: MethodSource = .published, magnitudeWeight: Double = 1e-4,
    weight: Float = 1
  ) throws {
    self.noise = try SampleSpectrum(noise)
    self.source = source
    self.magnitudeWeight = magnitudeWeight
    self.weight = weight
  }

  /// The loss of images N H W C and its gradient.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for another number of images than
  ///   that of the noise, and `LinearAlgebraError`.
  public func evaluate(
    images: Tensor, context: ExecutionContext
  ) throws -> (loss: Double, gradient: Tensor) {
    let count = noise.count
    guard images.rowCount == count else {
      throw SynthesisError.badImages(
        source: name, expected: "\(count) images", found: "\(images.rowCount)")
    }
    guard count > 0 else { return (0, Tensor(shape: images.shape)) }
    let found = try SampleSpectrum(images)
    let span = noise.values[count - 1] - noise.values[0]
    var magnitude = 0.0
    var (products, weights) = ([Double](), [Double]())
    var atValues: [Double] = []
    for j in 0..<count {
      let difference = found.values[j] - noise.values[j]
      magnitude += magnitudeWeight * difference * difference / Double(count)
      atValues.append(2 * magnitudeWeight * difference / Double(count))
      weights.append(span > 0 ? (noise.values[j] - noise.values[0]) / span : 0)
      products.append(
        (0..<count).reduce(0) {
          $0 + found.vectors[j * count + $1] * noise.vectors[j * count + $1]
        })
    }
    let structure: Double
    let atProducts: [Double]
    switch source {
    case .published:
      // An eigenvector has no sign of its own.
      structure = -zip(weights, products).reduce(0) { $0 + $1.0 * abs($1.1) }
      atProducts = zip(weights, products).map { $1 < 0 ? $0 : -$0 }
    case .officialCode:
      let sum = zip(weights, products).reduce(0) { $0 + $1.0 * $1.1 }
      structure = abs(sum)
      atProducts = weights.map { sum < 0 ? -$0 : $0 }
    }
    let gradient = found.gradient(
      atValues: atValues, atProducts: atProducts, others: noise.vectors)
    return (magnitude + structure, Tensor(shape: images.shape, elements: gradient))
  }
}
