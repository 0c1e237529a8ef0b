import DFQQuantization
import DFQTestSupport
import DynaDFQ
import Testing

/// Sobel's statistics of images, by hand.
@Suite struct ImageStatisticTests {
  private func measure(
    _ pixels: [Float], _ shape: Shape, _ preprocessing: Preprocessing? = nil
  ) -> [Float] {
    var found = [Float](repeating: 0, count: 3)
    ImageFeatures(ImageStatistic.allCases, shape: shape).measure(
      pixels, preprocessing: preprocessing ?? .unit(channels: shape[2]), into: &found)
    return found
  }

  private func expect(_ found: [Float], _ expected: [Float]) {
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(found) \(expected)")
  }

  /// A row 0, 1, 3 with repeated borders: gx = 4 (right - left) = 4, 12, 8.
  @Test func oneDirection() {
    expect(measure([0, 1, 3], [1, 3, 1]), [8, 0, 8])
    expect(measure([0, 1, 3], [3, 1, 1]), [0, 8, 8])
  }

  /// [0 0; 0 1]: gx = 1, 1, 3, 3 and gy = 1, 3, 1, 3.
  @Test func corner() {
    let root = (Float(2).squareRoot() + 2 * Float(10).squareRoot() + Float(18).squareRoot()) / 4
    expect(measure([0, 0, 0, 1], [2, 2, 1]), [2, 2, root])
  }

  /// Normalization is undone, and colours are weighted: 0.2 * (0.299 + 0.587 * 2) from left to right.
  @Test func greyOfNormalizedColours() throws {
    let preprocessing = try Preprocessing(
      mean: [0.5, 0.4, 0.3], standardDeviation: [0.2, 0.2, 0.1])
    let step = 0.2 * (0.299 + 0.587 * 2)
    expect(
      measure([-1, 0, 7, 0, 2, 7], [1, 2, 3], preprocessing),
      [Float(4 * step), 0, Float(4 * step)])
  }

  /// They are paid once for all decisions: 8 x 8 x (3 + 14) operations.
  @Test func cost() throws {
    func cost(_ decider: some BitDecider) throws -> Double {
      try QuantizedNetwork(
        network: .tinyResNet(), quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
        selector: BitSelector(decider)
      ).selectorBitOPs
    }
    let plain = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
      selector: BitSelector(CADyQ(image: [])))
    // Two more rows of weights at each decision, in float32.
    let rows = Double(2 * 3 * 1024 * plain.decisionMap.sites.count)
    #expect(try cost(CADyQ()) == plain.selectorBitOPs + Double(8 * 8 * 17 * 64) + rows)
    // One feature and two comparisons.
    #expect(try cost(AdaBM()) == Double(8 * 8 * 17 * 64 + 3 * 1024))
  }
}
