import DFQTensor

/// Pooling of one image, H W C; padding is never counted.
enum Pooling {
  private static func forEachWindow(
    _ pool: Pool, shape: Shape, outputShape: Shape,
    _ body: (_ output: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    for y in 0..<outputShape[0] {
      let top = y * pool.stride - pool.padding
      let rows = max(top, 0)..<min(top + pool.kernel, shape[0])
      for x in 0..<outputShape[1] {
        let left = x * pool.stride - pool.padding
        body(y * outputShape[1] + x, rows, max(left, 0)..<min(left + pool.kernel, shape[1]))
      }
    }
  }

  static func forward(
    _ pool: Pool, maximum: Bool, input: UnsafePointer<Float>, shape: Shape,
    output: UnsafeMutablePointer<Float>, outputShape: Shape
  ) {
    let channels = shape[2]
    forEachWindow(pool, shape: shape, outputShape: outputShape) { position, rows, columns in
      let target = output + position * channels
      target.update(repeating: maximum ? -.infinity : 0, count: channels)
      for row in rows {
        for column in columns {
          let source = input + (row * shape[1] + column) * channels
          for c in 0..<channels {
            // A NaN must come through: `!(source <= target)` is true for it, and then it stays.
            if maximum {
              if !(source[c] <= target[c]), !target[c].isNaN { target[c] = source[c] }
            } else {
              target[c] += source[c]
            }
          }
        }
      }
      if !maximum {
        let share = 1 / Float(rows.count * columns.count)
        for c in 0..<channels { target[c] *= share }
      }
    }
  }

  /// Adds to `inputGradient`; a maximum's gradient goes to the first of equal values.
  static func backward(
    _ pool: Pool, maximum: Bool, input: UnsafePointer<Float>, shape: Shape,
    g: UnsafePointer<Float>, outputShape: Shape, inputGradient: UnsafeMutablePointer<Float>
  ) {
    let channels = shape[2]
    forEachWindow(pool, shape: shape, outputShape: outputShape) { position, rows, columns in
      let source = g + position * channels
      let share = 1 / Float(rows.count * columns.count)
      for c in 0..<channels {
        var best = -1
        for row in rows {
          for column in columns {
            let index = (row * shape[1] + column) * channels + c
            if maximum {
              if best < 0 || input[index] > input[best] { best = index }
            } else {
              inputGradient[index] += source[c] * share
            }
          }
        }
        if maximum { inputGradient[best] += source[c] }
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
