import DFQGraph
import DFQTensor

/// A fully connected layer of one image.
enum LinearKernel {
  static func forward(
    _ step: LinearStep, input: UnsafePointer<Float>, parameters: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    let weight = parameters + step.weight.lowerBound
    if let bias = step.bias {
      output.update(from: parameters + bias.lowerBound, count: step.outputs)
    } else {
      output.update(repeating: 0, count: step.outputs)
    }
    for i in 0..<step.inputs {
      kernels.axpy(input[i], x: weight + i * step.outputs, count: step.outputs, y: output)
    }
  }

  static func backward(
    _ step: LinearStep, input: UnsafePointer<Float>, g: UnsafePointer<Float>,
    parameters: UnsafePointer<Float>, parameterGradient: UnsafeMutablePointer<Float>?,
    inputGradient: UnsafeMutablePointer<Float>?, accumulate: Bool, kernels: Kernels
  ) {
    if let parameterGradient {
      let weightGradient = parameterGradient + step.weight.lowerBound
      for i in 0..<step.inputs {
        kernels.axpy(input[i], x: g, count: step.outputs, y: weightGradient + i * step.outputs)
      }
      if let bias = step.bias {
        kernels.axpy(1, x: g, count: step.outputs, y: parameterGradient + bias.lowerBound)
      }
    }
    guard let inputGradient else { return }
    let weight = parameters + step.weight.lowerBound
    for i in 0..<step.inputs {
      let sum = Float(kernels.dot(x: weight + i * step.outputs, y: g, count: step.outputs))
      inputGradient[i] = accumulate ? inputGradient[i] + sum : sum
    }
  }
}
