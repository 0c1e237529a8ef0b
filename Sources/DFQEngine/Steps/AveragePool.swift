public import DFQGraph
public import DFQTensor

extension AveragePool: ExecutableLayer {
  /// Makes a step that takes the mean of each window.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    AveragePoolStep(
      window: window, countsPadding: countsPadding, input: inputs[0], output: output)
  }
}

/// The mean of each window; padding is counted as zeros or not at all.
struct AveragePoolStep: LayerStep {
  let window: PoolingWindow
  let countsPadding: Bool
  let input: Shape
  let output: Shape
  var backwardReads: LayerValues { [] }

  private func forEachWindow(
    _ body: (_ output: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    for y in 0..<output[0] {
      let top = y * window.stride.height - window.padding.top
      let rows = max(top, 0)..<min(top + window.kernel.height, input[0])
      for x in 0..<output[1] {
        let left = x * window.stride.width - window.padding.left
        body(y * output[1] + x, rows, max(left, 0)..<min(left + window.kernel.width, input[1]))
      }
    }
  }

  /// One over the number of positions that count.
  private func share(_ rows: Range<Int>, _ columns: Range<Int>) -> Float {
    1
      / Float(
        countsPadding ? window.kernel.height * window.kernel.width : rows.count * columns.count)
  }

  func forward(_ values: LayerForward) {
    let (width, channels) = (input[1], input[2])
    forEachWindow { position, rows, columns in
      let target = values.output + position * channels
      target.update(repeating: 0, count: channels)
      for row in rows {
        for column in columns {
          let source = values.inputs[0] + (row * width + column) * channels
          for c in 0..<channels { target[c] += source[c] }
        }
      }
      let share = share(rows, columns)
      for c in 0..<channels { target[c] *= share }
    }
  }

  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    let (width, channels) = (input[1], input[2])
    forEachWindow { position, rows, columns in
      let source = values.outputGradient + position * channels
      let share = share(rows, columns)
      for row in rows {
        for column in columns {
          let target = inputGradient + (row * width + column) * channels
          for c in 0..<channels { target[c] += source[c] * share }
        }
      }
    }
  }
}
