internal import DFQTensor

/// Counts below, at and above vectors and blocks; none too, where nothing may be touched.
private let guardedCounts = Array(0...35) + [63, 64, 65, 1023, 1025, 2100]

// Sums differ in the order of their additions, over at least eight shards of at most 1024 numbers.
private let sumTolerance: Float = 2e-4

extension KernelFamily {
  /// A call for every count, with `buffers` buffers of as many floats and `sums` sums.
  private static func counted(
    _ name: String, buffers: Int, sums: [Int] = [],
    _ body:
      @escaping @Sendable (
        Kernels, Int, [UnsafeMutablePointer<Float>], [UnsafeMutablePointer<Double>]
      ) -> Void
  ) -> KernelFamily {
    KernelFamily(name) { random, run in
      for count in guardedCounts {
        let values = (0..<buffers).map { _ in random.uniforms(count) }
        run(
          GuardedCall(
            label: "count \(count)", buffers: values, sums: sums,
            tolerance: sums.isEmpty ? 0 : sumTolerance
          ) { kernels, floats, doubles in body(kernels, count, floats, doubles) })
      }
    }
  }

  static let elementwise = [
    counted("axpy", buffers: 2) { kernels, count, floats, _ in
      kernels.axpy(0.3, x: floats[0], count: count, y: floats[1])
    },
    counted("products", buffers: 3) { kernels, count, floats, _ in
      // As many rows and terms as fit: both ends of each are between guard pages.
      let rows = min(count, 11)
      let (terms, elements) = (count / max(rows, 1), count / max(rows, 1))
      kernels.addProducts(
        .init(start: floats[0], rowStep: 1, termStep: rows),
        of: .init(start: floats[1], step: 1), terms: terms,
        to: .init(start: floats[2], step: elements), rows: rows,
        count: min(elements, count - terms + 1))
    },
    counted("logistic", buffers: 2) { kernels, count, floats, _ in
      kernels.logistic(floats[0], count: count, multiplies: count % 2 == 0, output: floats[1])
    },
    counted("slopes of the logistic", buffers: 2) { kernels, count, floats, _ in
      kernels.logisticSlopes(
        at: floats[0], count: count, multiplies: count % 2 == 0, gradient: floats[1])
    },
    counted("dot", buffers: 2, sums: [1]) { kernels, count, floats, sums in
      sums[0][0] = kernels.dot(x: floats[0], y: floats[1], count: count)
    },
    counted("dots", buffers: 2, sums: [5]) { kernels, count, floats, sums in
      let rows = min(count, 5)
      let elements = count / max(rows, 1)
      kernels.dots(
        x: floats[0], .init(start: floats[1], step: elements), rows: rows, count: elements,
        into: sums[0])
    },
    counted("minimum and maximum", buffers: 1, sums: [2]) { kernels, count, floats, sums in
      let found = kernels.minimumMaximum(x: floats[0], count: count)
      sums[0][0] = Double(found.0)
      sums[0][1] = Double(found.1)
    },
    counted("SGD", buffers: 3) { kernels, count, floats, _ in
      kernels.sgd(
        floats[0], velocity: floats[1], gradient: floats[2], count: count, rate: 0.1,
        momentum: 0.9, decay: 1e-4, nesterov: count % 2 == 0)
    },
    counted("Adam", buffers: 4) { kernels, count, floats, _ in
      for index in 0..<count { floats[2][index] = abs(floats[2][index]) }
      kernels.adam(
        floats[0], first: floats[1], second: floats[2], gradient: floats[3], count: count,
        rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, correction1: 0.19,
        correction2: 0.002)
    },
    KernelFamily("layout") { random, run in
      var shapes = GuardedShapes(random: random)
      for shape in shapes.dense() where shape.inputChannels < 64 && shape.outputChannels < 64 {
        let pixels = shape.outputHeight * shape.outputWidth
        let columns = pixels * shape.taps * shape.inputChannels
        let weights = shape.taps * shape.inputChannels * shape.outputChannels
        let buffers = [
          random.uniforms(shape.inputCount), [Float](repeating: 0, count: columns),
          random.uniforms(shape.inputCount), random.uniforms(weights), random.uniforms(weights),
        ]
        run(
          GuardedCall(label: "\(shape)", buffers: buffers, tolerance: 0) { _, floats, _ in
            Kernels.im2col(shape, input: floats[0], columns: floats[1])
            Kernels.col2im(shape, columns: floats[1], inputGradient: floats[2])
            Kernels.transposeWeights(
              floats[3], taps: shape.taps, inputChannels: shape.inputChannels,
              outputChannels: shape.outputChannels, transposed: floats[4])
          })
      }
    },
  ]

  static let quantizations = [
    counted("fake quantization", buffers: 2) { kernels, count, floats, _ in
      kernels.fakeQuantize(
        x: floats[0], count: count, levelsPerUnit: 3.7, zero: -1, minimum: -3, maximum: 2,
        y: floats[1])
    },
    KernelFamily("fake quantization by channel") { random, run in
      for channels in guardedChannels {
        for rows in [1, 2, 9] {
          let buffers = [
            random.uniforms(rows * channels), random.uniforms(channels).map { 5 + 4 * $0 },
            random.uniforms(channels).map { (3 * $0).rounded() }, random.uniforms(rows * channels),
          ]
          run(
            GuardedCall(label: "\(rows) x \(channels)", buffers: buffers, tolerance: 0) {
              kernels, floats, _ in
              kernels.fakeQuantizeChannels(
                x: floats[0], rows: rows, channels: channels, levelsPerUnit: floats[1],
                zero: floats[2], minimum: -3, maximum: 2, y: floats[3])
            })
        }
      }
    },
    KernelFamily("fake quantization dots") { random, run in
      for count in guardedCounts {
        let candidates = 1 + count % 8
        let buffers = [
          random.uniforms(count), random.uniforms(count),
          random.uniforms(candidates).map { 5 + 4 * $0 },
          random.uniforms(candidates).map { (3 * $0).rounded() },
          random.uniforms(candidates).map { -4 + $0.rounded() },
          random.uniforms(candidates).map { 3 + $0.rounded() },
        ]
        run(
          GuardedCall(
            label: "count \(count), \(candidates) grids", buffers: buffers, sums: [candidates],
            tolerance: sumTolerance
          ) { kernels, floats, sums in
            kernels.fakeQuantizeDots(
              x: floats[0], gradient: floats[1], count: count, candidates: candidates,
              levelsPerUnit: floats[2], zero: floats[3], minimum: floats[4], maximum: floats[5],
              dots: sums[0])
          })
      }
    },
    counted("learned steps", buffers: 3, sums: [2, 2, 2]) { kernels, count, floats, sums in
      kernels.learnedStepsBackward(
        x: floats[0], gradient: floats[1], count: count, candidates: 2,
        levelsPerUnit: [3.3, 2], minimum: [-2, 0], maximum: [1, 1], share: [0.25, 0.5],
        xGradient: floats[2], dots: sums[0], stepGradient: sums[1])
      kernels.learnedStepsBackward(
        x: floats[0], gradient: floats[1], count: count, candidates: 2,
        levelsPerUnit: [3.3, 2], minimum: [-2, 0], maximum: [1, 1], share: [0.25, 0.5],
        xGradient: nil, dots: nil, stepGradient: sums[2])
    },
    counted("clipped gradient", buffers: 3) { kernels, count, floats, _ in
      kernels.clippedBackward(
        x: floats[0], gradient: floats[1], count: count, low: -0.3, high: 0.5,
        xGradient: floats[2])
    },
  ]
}
