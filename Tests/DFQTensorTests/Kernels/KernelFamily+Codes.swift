internal import DFQTensor
internal import DFQTestSupport
internal import Testing

extension KernelFamily {
  /// Operations on codes; what they leave is copied to the only buffers, codes and values.
  private static func family(
    _ name: String, _ operation: CodeCase.Operation,
    _ shapes: @escaping @Sendable (inout GuardedShapes) -> [ConvolutionShape]
  ) -> KernelFamily {
    KernelFamily(name) { random, run in
      var guarded = GuardedShapes(random: random)
      for (index, shape) in shapes(&guarded).enumerated() {
        let codes = CodeCase(operation, shape, &random)
        let count = shape.outputCount
        let placement: GuardedPlacement = index % 3 == 0 ? .start : .end
        for bytes in [true, false] {
          run(
            GuardedCall(
              label: "\(shape)",
              buffers: [[Float]](repeating: .init(repeating: -1, count: count), count: 2),
              tolerance: 0
            ) { kernels, floats, _ in
              let found = codes.run(bytes ? kernels : kernels.withoutByteProducts, placement)
              for index in 0..<count {
                floats[0][index] = Float(found.codes[index])
                floats[1][index] = found.values[index]
              }
            })
        }
      }
    }
  }

  static let codes = [
    family("convolution of codes", .convolution) { $0.dense() },
    family("some pixels of a convolution of codes", .pixels) { $0.dense() },
    family("depthwise convolution of codes", .depthwise) { $0.depthwise() },
    family("fully connected layer of codes", .dense) { _ in
      [1, 3, 16, 33, 1025].flatMap { inputs in
        [1, 17, 64, 70].map { .dense(inputs: inputs, outputs: $0) }
      }
    },
    KernelFamily("sums of codes") { random, run in
      for channels in guardedChannels {
        let codes = (0..<9 * channels).map { _ in UInt8(random.integer(below: 256)) }
        let sums = random.uniforms(channels)
        run(
          GuardedCall(label: "\(channels)", buffers: [sums], tolerance: 0) { kernels, floats, _ in
            for placement in GuardedPlacement.allCases {
              let from = GuardedBuffer(codes, placement)
              let to = GuardedBuffer(sums, placement)
              kernels.codeSums(
                from.pointer, pixels: 9, channels: channels, offset: -37, levelsPerUnit: 101.7,
                sums: to.pointer)
              #expect(to.isIntact, "a kernel wrote outside of its sums: \(channels)")
              for (channel, sum) in to.values.enumerated() { floats[0][channel] = sum }
            }
          })
      }
    },
    KernelFamily("codes of pixels") { random, run in
      for count in guardedChannels.map({ 3 * $0 }) + [1000] {
        let pixels = (0..<count).map { _ in UInt8(random.integer(below: 256)) }
        let scale = (0..<48).map { _ in random.uniform(0, 2) }
        let shift = (0..<48).map { _ in random.uniform(-99, 99) }
        run(
          GuardedCall(
            label: "\(count)", buffers: [.init(repeating: -1, count: count)], tolerance: 0
          ) { kernels, floats, _ in
            for placement in GuardedPlacement.allCases {
              let from = GuardedBuffer(pixels, placement)
              let to = GuardedBuffer([UInt8](repeating: 85, count: count), placement)
              let (scales, shifts) = (
                GuardedBuffer(scale, placement), GuardedBuffer(shift, placement)
              )
              kernels.codes(
                ofBytes: from.pointer, count: count,
                scale: .init(start: scales.pointer, count: 48),
                shift: .init(start: shifts.pointer, count: 48), highest: 200, codes: to.pointer)
              #expect(to.isIntact, "a kernel wrote outside of its codes: \(count)")
              for (index, code) in to.values.enumerated() { floats[0][index] = Float(code) }
            }
          })
      }
    },
    KernelFamily("maximum of codes") { random, run in
      for channels in guardedChannels {
        for kernel in 1...3 {
          let shape = ConvolutionShape(
            inputHeight: 7, inputWidth: 5, inputChannels: channels, outputHeight: 3,
            outputWidth: 2, outputChannels: channels, kernelHeight: kernel, kernelWidth: kernel,
            strideHeight: 2, strideWidth: 2, padTop: kernel / 2, padLeft: kernel / 2)
          let input = (0..<shape.inputCount).map { _ in UInt8(random.integer(below: 256)) }
          run(
            GuardedCall(
              label: "\(shape)", buffers: [.init(repeating: -1, count: shape.outputCount)],
              tolerance: 0
            ) { kernels, floats, _ in
              for placement in GuardedPlacement.allCases {
                let from = GuardedBuffer(input, placement)
                let to = GuardedBuffer([UInt8](repeating: 85, count: shape.outputCount), placement)
                kernels.codeMaxPool(shape, input: from.pointer, output: to.pointer)
                #expect(to.isIntact, "a kernel wrote outside of its codes: \(shape)")
                for (index, code) in to.values.enumerated() { floats[0][index] = Float(code) }
              }
            })
        }
      }
    },
  ]
}
