public import DFQGraph
public import DFQTensor

extension PadMap: ExecutableLayer {
  /// Makes a step that copies rows into a map of the constant.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    PadMapStep(input: inputs[0], output: output, padding: padding, value: value)
  }
}

/// The rows of a map between rows and columns of a constant.
struct PadMapStep: LayerStep {
  let input: Shape
  let output: Shape
  let padding: Padding
  let value: Float
  var backwardReads: LayerValues { [] }

  /// Where the first element of an input's row lies in the output.
  private func start(_ row: Int) -> Int {
    ((padding.top + row) * output[1] + padding.left) * output[2]
  }

  func forward(_ values: LayerForward) {
    let count = input[1] * input[2]
    values.output.update(repeating: value, count: output.count)
    for row in 0..<input[0] {
      (values.output + start(row)).update(from: values.inputs[0] + row * count, count: count)
    }
  }

  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    let count = input[1] * input[2]
    for row in 0..<input[0] {
      let (target, source) = (inputGradient + row * count, values.outputGradient + start(row))
      for index in 0..<count { target[index] += source[index] }
    }
  }
}
