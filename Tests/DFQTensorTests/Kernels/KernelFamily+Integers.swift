internal import DFQTensor
internal import DFQTestSupport
internal import Testing

/// The codes of one convolution.
struct IntegerCase {
  var shape: ConvolutionShape
  var input: [UInt8]
  var padCode: UInt8
  var weight: [Int8]

  /// Codes of every size, with the extremes often among them: there products are largest.
  init(_ shape: ConvolutionShape, _ random: inout RandomStream) {
    self.shape = shape
    input = (0..<shape.inputCount).map { _ in
      random.integer(below: 3) == 0 ? 255 : UInt8(random.integer(below: 256))
    }
    padCode = UInt8(random.integer(below: 256))
    weight = (0..<shape.taps * shape.inputChannels * shape.outputChannels).map { _ in
      random.integer(below: 3) == 0 ? -128 : Int8(random.integer(below: 256) - 128)
    }
  }

  /// Runs the convolution; codes and weights lie at `placement` in guarded memory.
  func run(
    _ kernels: Kernels, _ placement: GuardedPlacement, scale: UnsafePointer<Float>,
    offset: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    let input = GuardedBuffer(self.input, placement)
    let weight = GuardedBuffer(self.weight, placement)
    let bytes = kernels.integerWeightByteCount(shape)
    let packed = GuardedBuffer([Int8](repeating: 85, count: bytes), placement)
    kernels.packIntegerWeights(shape, weight: weight.pointer, packed: packed.pointer)
    // In two bands, as a caller does that continues with the rows that are still in the cache.
    let middle = shape.outputHeight / 2
    for rows in [0..<middle, middle..<shape.outputHeight] where !rows.isEmpty {
      kernels.integerConvolution(
        shape, input: input.pointer, padCode: padCode, packedWeight: packed.pointer, scale: scale,
        offset: offset, rows: rows,
        output: output + rows.lowerBound * shape.outputWidth * shape.outputChannels,
        scratch: scratch)
    }
    let intact =
      input.isIntact && weight.isIntact && packed.isIntact && input.values == self.input
    #expect(intact, "a kernel wrote outside of its codes: \(shape)")
  }
}

extension KernelFamily {
  /// Buffers are scale, offset and output.
  private static func convolution(
    _ name: String, _ choose: @escaping @Sendable (Kernels) -> Kernels
  ) -> KernelFamily {
    KernelFamily(name) { random, run in
      var shapes = GuardedShapes(random: random)
      for (index, shape) in shapes.dense().enumerated() {
        let codes = IntegerCase(shape, &random)
        let buffers = [
          random.uniforms(shape.outputChannels), random.uniforms(shape.outputChannels),
          random.uniforms(shape.outputCount),
        ]
        let placement: GuardedPlacement = index % 3 == 0 ? .start : .end
        run(
          GuardedCall(
            label: "\(shape)", buffers: buffers,
            scratch: { (choose($0).integerScratchByteCount(shape) + 3) / 4 }, tolerance: 0
          ) { kernels, floats, _ in
            codes.run(
              choose(kernels), placement, scale: floats[0], offset: floats[1], output: floats[2],
              scratch: floats[3])
          })
      }
    }
  }

  static let integers = [
    convolution("integer convolution") { $0 },
    convolution("integer convolution without VNNI") { $0.withoutByteProducts },
    KernelFamily("codes") { random, run in
      for count in Array(0...35) + [63, 64, 65, 1023] {
        let x = random.uniforms(count).map { 40 * $0 }
        run(
          GuardedCall(
            label: "count \(count)",
            buffers: [x] + [[Float]](repeating: .init(repeating: -1, count: count), count: 2),
            tolerance: 0
          ) { kernels, floats, _ in
            for placement in GuardedPlacement.allCases {
              let codes = GuardedBuffer([UInt8](repeating: 85, count: count), placement)
              kernels.quantizeCodes(
                x: floats[0], count: count, levelsPerUnit: 3.7, zero: -5, minimum: -100,
                maximum: 127, codes: codes.pointer, y: placement == .end ? floats[2] : nil)
              #expect(codes.isIntact, "a kernel wrote outside of its \(count) codes")
              for index in 0..<count { floats[1][index] = Float(codes.pointer[index]) }
            }
          })
      }
    },
  ]
}
