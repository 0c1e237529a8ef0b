internal import DFQTensor

// Sums over pixels differ in the order of their additions: the tolerance of ActivationKernelTests.
private let sumTolerance: Float = 2e-4

extension KernelFamily {
  static let activations = [
    KernelFamily("affine activation") { random, run in
      for channels in guardedChannels {
        for pixels in [1, 3, 35] {
          let count = pixels * channels
          let buffers = [
            random.uniforms(count), random.uniforms(channels), random.uniforms(channels),
            random.uniforms(count), random.uniforms(count),
          ]
          for hasResidual in [false, true] {
            run(
              GuardedCall(
                label: "\(pixels) x \(channels), residual \(hasResidual)", buffers: buffers,
                tolerance: 0
              ) { kernels, floats, _ in
                kernels.affineActivation(
                  x: floats[0], scale: floats[1], shift: floats[2],
                  residual: hasResidual ? UnsafePointer(floats[3]) : nil, negativeSlope: 0.1,
                  upperBound: 0.5,
                  pixels: pixels, channels: channels, y: floats[4])
              })
          }
        }
      }
    },
    KernelFamily("affine activation backward") { random, run in
      for channels in guardedChannels {
        for pixels in [1, 3, 65, 131] {
          let count = pixels * channels
          let buffers = [
            random.uniforms(count), random.uniforms(count), random.uniforms(channels),
            random.uniforms(channels), random.uniforms(count), random.uniforms(count),
            random.uniforms(count), random.uniforms(channels), random.uniforms(channels),
          ]
          for (hasResidual, accumulates, hasSums) in [
            (false, false, false), (true, false, true), (true, true, true),
          ] {
            run(
              GuardedCall(
                label: "\(pixels) x \(channels), \(hasResidual), \(accumulates), \(hasSums)",
                buffers: buffers, tolerance: sumTolerance
              ) { kernels, floats, _ in
                kernels.affineActivationBackward(
                  gradient: floats[0], x: floats[1], scale: floats[2], shift: floats[3],
                  residual: hasResidual ? UnsafePointer(floats[4]) : nil, negativeSlope: 0.1,
                  upperBound: 0.5,
                  pixels: pixels, channels: channels, xGradient: floats[5],
                  residualGradient: hasResidual ? floats[6] : nil,
                  accumulateResidual: accumulates, scaleGradient: hasSums ? floats[7] : nil,
                  shiftGradient: hasSums ? floats[8] : nil)
              })
          }
        }
      }
    },
    KernelFamily("moments") { random, run in
      for channels in guardedChannels {
        for pixels in [1, 3, 63, 65, 131] {
          run(
            GuardedCall(
              label: "\(pixels) x \(channels)", buffers: [random.uniforms(pixels * channels)],
              sums: [channels, channels], tolerance: sumTolerance
            ) { kernels, floats, sums in
              kernels.moments(
                x: floats[0], pixels: pixels, channels: channels, sum: sums[0], squareSum: sums[1])
            })
        }
      }
    },
    KernelFamily("channel affine") { random, run in
      for channels in guardedChannels {
        for pixels in [1, 3, 35] {
          let buffers = [
            random.uniforms(pixels * channels), random.uniforms(channels),
            random.uniforms(channels), random.uniforms(pixels * channels),
          ]
          for accumulates in [false, true] {
            run(
              GuardedCall(
                label: "\(pixels) x \(channels), \(accumulates)", buffers: buffers, tolerance: 0
              ) { kernels, floats, _ in
                kernels.addChannelAffine(
                  x: floats[0], a: floats[1], b: floats[2], pixels: pixels, channels: channels,
                  accumulate: accumulates, gradient: floats[3])
              })
          }
        }
      }
    },
  ]
}
