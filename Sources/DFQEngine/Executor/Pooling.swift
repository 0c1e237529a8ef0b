import DFQGraph
import DFQTensor

/// Pooling of one image, H W C; padding is never counted.
enum Pooling {
  private static func forEachWindow(
    _ pool: PoolingWindow, shape: Shape, outputShape: Shape,
    _ body: (_ output: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    for y in 0..<outputShape[0] {
      let top = y * pool.stride.height - pool.padding.top
      let rows = max(top, 0)..<min(top + pool.kernel.height, shape[0])
      for x in 0..<outputShape[1] {
        let left = x * pool.stride.width - pool.padding.left
        body(y * outputShape[1] + x, rows, max(left, 0)..<min(left + pool.kernel.width, shape[1]))
      }
    }
  }

  /// The sizes of a pooling as those of a convolution.
  static func windows(_ pool: PoolingWindow, shape: Shape, outputShape: Shape) -> ConvolutionShape {
    ConvolutionShape(
      inputHeight: shape[0], inputWidth: shape[1], inputChannels: shape[2],
      outputHeight: outputShape[0], outputWidth: outputShape[1], outputChannels: shape[2],
      kernelHeight: pool.kernel.height, kernelWidth: pool.kernel.width,
      strideHeight: pool.stride.height, strideWidth: pool.stride.width, padTop: pool.padding.top,
      padLeft: pool.padding.left)
  }

  static func averageForward(
    _ pool: PoolingWindow, input: UnsafePointer<Float>, shape: Shape,
    output: UnsafeMutablePointer<Float>, outputShape: Shape
  ) {
    let channels = shape[2]
    forEachWindow(pool, shape: shape, outputShape: outputShape) { position, rows, columns in
      let target = output + position * channels
      target.update(repeating: 0, count: channels)
      for row in rows {
        for column in columns {
          let source = input + (row * shape[1] + column) * channels
          for c in 0..<channels { target[c] += source[c] }
        }
      }
      let share = 1 / Float(rows.count * columns.count)
      for c in 0..<channels { target[c] *= share }
    }
  }

  /// Adds to `inputGradient`.
  static func averageBackward(
    _ pool: PoolingWindow, shape: Shape, g: UnsafePointer<Float>, outputShape: Shape,
    inputGradient: UnsafeMutablePointer<Float>
  ) {
    let channels = shape[2]
    forEachWindow(pool, shape: shape, outputShape: outputShape) { position, rows, columns in
      let source = g + position * channels
      let share = 1 / Float(rows.count * columns.count)
      for row in rows {
        for column in columns {
          let target = inputGradient + (row * shape[1] + column) * channels
          for c in 0..<channels { target[c] += source[c] * share }
        }
      }
    }
  }

  static func globalForward(
    _ input: UnsafePointer<Float>, shape: Shape, output: UnsafeMutablePointer<Float>
  ) {
    let (pixels, channels) = (shape[0] * shape[1], shape[2])
    output.update(repeating: 0, count: channels)
    for pixel in 0..<pixels {
      let source = input + pixel * channels
      for c in 0..<channels { output[c] += source[c] }
    }
    let share = 1 / Float(pixels)
    for c in 0..<channels { output[c] *= share }
  }

  /// Adds to `inputGradient`.
  static func globalBackward(
    _ g: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>, shape: Shape
  ) {
    let (pixels, channels) = (shape[0] * shape[1], shape[2])
    let share = 1 / Float(pixels)
    for pixel in 0..<pixels {
      let target = inputGradient + pixel * channels
      for c in 0..<channels { target[c] += g[c] * share }
    }
  }
}
