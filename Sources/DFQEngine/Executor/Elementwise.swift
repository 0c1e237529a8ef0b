import DFQGraph
import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The remaining operations of one image; their backward functions add to the input's gradient
/// unless told to store.
enum Elementwise {
  static func linearForward(
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

  static func linearBackward(
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

  static func tanhForward(
    _ input: UnsafePointer<Float>, count: Int, output: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<count { output[index] = tanhf(input[index]) }
  }

  /// In place on the gradient at the output.
  static func tanhBackward(
    _ output: UnsafePointer<Float>, count: Int, g: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<count { g[index] *= 1 - output[index] * output[index] }
  }

  static func padChannelsForward(
    _ input: UnsafePointer<Float>, shape: Shape, output: UnsafeMutablePointer<Float>,
    outputShape: Shape, stride: Int, before: Int
  ) {
    output.update(repeating: 0, count: outputShape.count)
    for y in 0..<outputShape[0] {
      for x in 0..<outputShape[1] {
        let source = input + (y * stride * shape[1] + x * stride) * shape[2]
        let target = output + (y * outputShape[1] + x) * outputShape[2] + before
        target.update(from: source, count: shape[2])
      }
    }
  }

  static func padChannelsBackward(
    _ g: UnsafePointer<Float>, outputShape: Shape, inputGradient: UnsafeMutablePointer<Float>,
    shape: Shape, stride: Int, before: Int
  ) {
    for y in 0..<outputShape[0] {
      for x in 0..<outputShape[1] {
        let target = inputGradient + (y * stride * shape[1] + x * stride) * shape[2]
        let source = g + (y * outputShape[1] + x) * outputShape[2] + before
        for c in 0..<shape[2] { target[c] += source[c] }
      }
    }
  }

  static func upsampleForward(
    _ input: UnsafePointer<Float>, shape: Shape, factor: Int, output: UnsafeMutablePointer<Float>
  ) {
    let (height, width, channels) = (shape[0] * factor, shape[1] * factor, shape[2])
    for y in 0..<height {
      for x in 0..<width {
        (output + (y * width + x) * channels).update(
          from: input + (y / factor * shape[1] + x / factor) * channels, count: channels)
      }
    }
  }

  static func upsampleBackward(
    _ g: UnsafePointer<Float>, factor: Int, inputGradient: UnsafeMutablePointer<Float>,
    shape: Shape
  ) {
    let (height, width, channels) = (shape[0] * factor, shape[1] * factor, shape[2])
    for y in 0..<height {
      for x in 0..<width {
        let target = inputGradient + (y / factor * shape[1] + x / factor) * channels
        let source = g + (y * width + x) * channels
        for c in 0..<channels { target[c] += source[c] }
      }
    }
  }
}
