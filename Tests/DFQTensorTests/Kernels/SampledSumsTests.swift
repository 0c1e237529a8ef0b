internal import DFQTensor
internal import DFQTestSupport
internal import Testing

/// What selectors look at.
@Suite struct SampledSumsTests {
  private func sums(
    _ kernels: Kernels, _ x: [Float], _ offsets: [Int32], channels: Int
  ) -> ([Float], [Float]) {
    var sums = [Float](repeating: 1, count: channels)
    var squares = [Float](repeating: 2, count: channels)
    offsets.withUnsafeBufferPointer {
      kernels.sampledSums(
        x: x, offsets: $0, channels: channels, levelsPerUnit: 4, sums: &sums, squareSums: &squares)
    }
    return (sums, squares)
  }

  /// Codes 1 and -2, ties to even, then clamped ones: 1 + 1 - 2 + 2 + 255 - 128 and their squares.
  @Test func byHand() {
    let x: [Float] = [0.25, -0.5, 0.625, 100, -100]
    for set in InstructionSet.available {
      let found = sums(Kernels(set), x, [0, 1, 2, 3, 4], channels: 1)
      #expect(found.0 == [129])
      #expect(found.1 == [2 + 1 + 4 + 4 + 65025 + 16384])
    }
  }

  @Test func everyInstructionSet() {
    var random = RandomStream(seed: 1, "sampled sums")
    for channels in [1, 5, 16, 31, 64, 100] {
      let x = (0..<12 * channels).map { _ in random.uniform(-40, 70) }
      let offsets = [0, 3, 7, 11].map { Int32($0 * channels) }
      let expected = sums(Kernels(.scalar), x, offsets, channels: channels)
      for set in InstructionSet.available {
        #expect(sums(Kernels(set), x, offsets, channels: channels) == expected)
      }
    }
  }
}
