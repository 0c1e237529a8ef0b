import DFQTestSupport
import DynaDFQ
import Testing

/// Grids, ranges and rounding against PyTorch's values and cases worked by hand.
@Suite struct GridTests {
  /// The golden values are float64's rounded to float32, ours float32's throughout: one rounding of
  /// the value apart, and in a tie one level.
  @Test(arguments: 2...8)
  func fakeQuantizationMatchesPyTorch(bits: Int) throws {
    let golden = try Goldens.file("fake_quant")
    let weight = try golden.tensor("weight")
    let size = weight.rowShape.count
    for channel in 0..<weight.rowCount {
      let row = weight.row(channel).elements
      let grid = Grid(low: row.min()!, high: row.max()!, bits: bits)
      let expected = try golden.tensor("weight_w\(bits)").row(channel).elements
      for index in 0..<size { expectEqual(grid.quantize(row[index]), expected[index], grid) }
    }
    let activation = try golden.tensor("activation").elements
    let grid = Grid(low: activation.min()!, high: activation.max()!, bits: bits)
    let expected = try golden.tensor("activation_a\(bits)").elements
    for isa in InstructionSet.available {
      var found = [Float](repeating: 0, count: activation.count)
      Kernels(isa).fakeQuantize(
        x: activation, count: activation.count, levelsPerUnit: grid.levelsPerUnit,
        zero: grid.zero, minimum: grid.lowest, maximum: grid.highest, y: &found)
      for index in found.indices { expectEqual(found[index], expected[index], grid) }
    }
  }

  private func expectEqual(_ found: Float, _ expected: Float, _ grid: Grid) {
    #expect(abs(found - expected) <= 2e-7 * max(abs(expected), grid.scale), "\(found) \(expected)")
  }

  /// [-1, 2] at 2 bits: S = 1, Z = -1 + 2 = 1, codes -2...1 stand for -1, 0, 1, 2.
  @Test func asymmetricGridByHand() {
    let grid = Grid(low: -1, high: 2, bits: 2)
    #expect((-2...1).map { grid.value($0) } == [-1, 0, 1, 2])
    #expect([-5, -0.4, 0.6, 9].map { grid.quantize($0) } == [-1, 0, 1, 2])
    #expect(grid.zeroPoint == -1)
    #expect(grid.scale * Float(grid.code(1) - grid.zeroPoint) == 1)
    // Half to even, on codes: 0.5 lies between codes -1 and 0.
    #expect(grid.quantize(0.5) == 1)
    #expect(grid.quantize(1.5) == 1)
  }

  @Test func zeroIsAlwaysAValueAndDeadChannelsAreFinite() {
    for bits in 2...8 {
      for (low, high) in [(-0.37, 1.9), (0, 3.3), (-2.1, 0)] as [(Float, Float)] {
        #expect(Grid(low: low, high: high, bits: bits).quantize(0) == 0)
      }
      #expect(Grid(low: 0, high: 0, bits: bits).quantize(0).isFinite)
    }
  }

  /// The published moving average corrects twice; this one gives a constant back at every step.
  @Test func movingAverageOfAConstant() {
    var average = MovingAverage(decay: 0.9)
    for _ in 0..<300 {
      average.update(1)
      #expect(abs(average.value - 1) < 1e-5)
    }
  }

  @Test func histogramRanges() {
    // 0, 1, ... 99 in 100 bins: 90 % of the values lie below 90.
    var histogram = ValueHistogram(low: 0, high: 100, bins: 100)
    (0..<100).map { Float($0) + 0.5 }.withUnsafeBufferPointer { histogram.add($0) }
    #expect(abs(histogram.percentileRange(0.9).high - 90) <= 1)
    // One far outlier among many small values: least squares gives it up at few bits.
    var skewed = ValueHistogram(low: 0, high: 100, bins: 2000)
    var stream = RandomStream(seed: 1, "values")
    let values = (0..<20_000).map { _ in stream.uniform(0, 20) } + [100]
    values.withUnsafeBufferPointer { skewed.add($0) }
    let range = skewed.leastSquaresRange {
      Grid(step: $1 / 7, bits: 3, nonNegative: $0 >= 0)
    }
    #expect(range.high < 40)
  }

  @Test func patterns() {
    #expect(Quantizer.matches("layer1.*", "layer1.0.conv1"))
    #expect(Quantizer.matches("*conv?", "a.conv?"))
    #expect(Quantizer.matches("*.bn1.*tion", "layer1.0.bn1.activation"))
    #expect(!Quantizer.matches("layer1", "layer1.0"))
  }
}
