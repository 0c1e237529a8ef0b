public import DFQGraph
public import DFQTensor

extension AveragePool: ExecutableLayer {
  /// Makes a step that takes the mean of each window.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    AveragePoolStep(window: window, input: inputs[0], output: output)
  }
}

/// The mean of each window; padding is not counted.
struct AveragePoolStep: LayerStep {
  let window: PoolingWindow
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
      let share = 1 / Float(rows.count * columns.count)
      for c in 0..<channels { target[c] *= share }
    }
  }

  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    let (width, channels) = (input[1], input[2])
    forEachWindow { position, rows, columns in
      let source = values.outputGradient + position * channels
      let share = 1 / Float(rows.count * columns.count)
      for row in rows {
        for column in columns {
          let target = inputGradient + (row * width + column) * channels
          for c in 0..<channels { target[c] += source[c] * share }
        }
      }
    }
  }
}
