internal import DFQTensor
internal import DFQTestSupport
internal import Testing

/// What selectors look at.
@Suite struct SampledStatisticsTests {
  private func statistics(
    _ kernels: Kernels, _ x: [Float], _ offsets: [Int32], channels: Int
  ) -> ([Float], [Float]) {
    var means = [Float](repeating: -1, count: channels)
    var deviations = [Float](repeating: -1, count: channels)
    offsets.withUnsafeBufferPointer {
      kernels.sampledStatistics(
        x: x, offsets: $0, channels: channels, levelsPerUnit: 4, means: &means,
        deviations: &deviations)
    }
    return (means, deviations)
  }

  /// Codes 1 and -2, ties to even, then clamped ones: their sum is 1 - 2 + 2 + 255 - 128, that of their squares 1 + 4 + 4 +
  /// 65025 + 16384.
  @Test func byHand() {
    let x: [Float] = [0.25, -0.5, 0.625, 100, -100]
    let mean: Float = 128 / 5
    let variance = Float(81418) / 5 - mean * mean
    for set in InstructionSet.available {
      let found = statistics(Kernels(set), x, [0, 1, 2, 3, 4], channels: 1)
      #expect(found.0 == [mean / 4])
      #expect(found.1 == [variance.squareRoot() / 4])
    }
  }

  @Test func everyInstructionSet() {
    var random = RandomStream(seed: 1, "sampled sums")
    for channels in [1, 5, 16, 31, 64, 100] {
      let x = (0..<12 * channels).map { _ in random.uniform(-40, 70) }
      let offsets = [0, 3, 7, 11].map { Int32($0 * channels) }
      let expected = statistics(Kernels(.scalar), x, offsets, channels: channels)
      for set in InstructionSet.available {
        #expect(statistics(Kernels(set), x, offsets, channels: channels) == expected)
      }
    }
  }

  private func statistics(
    _ kernels: Kernels, codes: [UInt8], _ offsets: [Int32], channels: Int, codeOffset: Float
  ) -> ([Float], [Float]) {
    var means = [Float](repeating: -1, count: channels)
    var deviations = [Float](repeating: -1, count: channels)
    offsets.withUnsafeBufferPointer {
      kernels.sampledStatistics(
        codes: codes, codeOffset: codeOffset, offsets: $0, channels: channels, levelsPerUnit: 4,
        means: &means, deviations: &deviations)
    }
    return (means, deviations)
  }

  /// Codes 1, 2, 3 and 250 from -3: their sum is 256, that of their squares 62514; the offset shifts the mean alone.
  @Test func ofCodesByHand() {
    let variance = Float(62514) / 4 - 64 * 64
    for set in InstructionSet.available {
      let found = statistics(
        Kernels(set), codes: [1, 2, 3, 250], [0, 1, 2, 3], channels: 1, codeOffset: -3)
      #expect(found.0 == [(64 - 3) / 4])
      #expect(found.1 == [variance.squareRoot() / 4])
    }
  }

  @Test func ofCodesOnEveryInstructionSet() {
    var random = RandomStream(seed: 2, "sampled codes")
    for channels in [1, 5, 16, 31, 64, 100] {
      let codes = (0..<12 * channels).map { _ in UInt8(random.integer(below: 256)) }
      let offsets = [0, 3, 7, 11].map { Int32($0 * channels) }
      let expected = statistics(
        Kernels(.scalar), codes: codes, offsets, channels: channels, codeOffset: 5)
      for set in InstructionSet.available {
        let found = statistics(
          Kernels(set), codes: codes, offsets, channels: channels, codeOffset: 5)
        #expect(found == expected)
      }
    }
  }
}
