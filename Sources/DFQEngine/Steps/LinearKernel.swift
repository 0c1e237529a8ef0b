import DFQGraph
import DFQTensor

/// A fully connected layer of some images.
///
/// Each weight is read once for all of them: many weights take longer to read than to use. Every sum has the order it has
/// for one image after the other.
enum LinearKernel {
  /// What the backward of a layer writes.
  struct Gradients {
    /// Those of all parameters.
    let parameters: UnsafeMutablePointer<Float>?
    let inputs: Kernels.Rows<UnsafeMutablePointer<Float>>?
    /// Whether the inputs' gradients are added to what is there.
    let accumulates: Bool
    /// Whether the gradients of the weights begin with those of these images.
    let clearsWeights: Bool
  }

  /// Weights of a layer that are many times what stays in a core's first cache.
  static let manyWeights = 1 << 18
  /// Rows of weights whose gradients are written together: all images find them in a core's second cache.
  private static let clearedRows = 8

  static func forward(
    _ step: LinearStep, images: Int, inputs: Kernels.Rows<UnsafePointer<Float>>,
    parameters: UnsafePointer<Float>, outputs: Kernels.Rows<UnsafeMutablePointer<Float>>,
    kernels: Kernels
  ) {
    for image in 0..<images {
      let output = outputs.start + image * outputs.step
      if let bias = step.bias {
        output.update(from: parameters + bias.lowerBound, count: step.outputs)
      } else {
        output.update(repeating: 0, count: step.outputs)
      }
    }
    kernels.addProducts(
      .init(start: inputs.start, rowStep: inputs.step, termStep: 1),
      of: .init(start: parameters + step.weight.lowerBound, step: step.outputs),
      terms: step.inputs, to: outputs, rows: images, count: step.outputs)
  }

  static func backward(
    _ step: LinearStep, images: Int, inputs: Kernels.Rows<UnsafePointer<Float>>,
    outputGradients: Kernels.Rows<UnsafePointer<Float>>, parameters: UnsafePointer<Float>,
    into gradients: Gradients, kernels: Kernels
  ) {
    if let own = gradients.parameters {
      let size = gradients.clearsWeights ? clearedRows : step.inputs
      for first in stride(from: 0, to: step.inputs, by: size) {
        let rows = min(size, step.inputs - first)
        let target = own + step.weight.lowerBound + first * step.outputs
        kernels.addProducts(
          .init(start: inputs.start + first, rowStep: 1, termStep: inputs.step),
          of: outputGradients, terms: images, to: .init(start: target, step: step.outputs),
          rows: rows, count: step.outputs, fromZero: gradients.clearsWeights)
      }
      if let bias = step.bias {
        for image in 0..<images {
          kernels.axpy(
            1, x: outputGradients.start + image * outputGradients.step, count: step.outputs,
            y: own + bias.lowerBound)
        }
      }
    }
    guard let inputGradients = gradients.inputs else { return }
    backward(
      step, images: images, outputGradients: outputGradients,
      weight: parameters + step.weight.lowerBound, into: inputGradients,
      accumulates: gradients.accumulates, kernels: kernels)
  }

  /// Inputs whose gradients are computed together, and images of which a block of outputs stays in a core's first cache with a
  /// row of weights.
  private static let (inputsAtOnce, imagesAtOnce) = (256, 4)

  /// The inputs' gradients: sums over blocks of outputs, in which gradients of the outputs are read once for many inputs.
  private static func backward(
    _ step: LinearStep, images: Int, outputGradients: Kernels.Rows<UnsafePointer<Float>>,
    weight: UnsafePointer<Float>, into inputGradients: Kernels.Rows<UnsafeMutablePointer<Float>>,
    accumulates: Bool, kernels: Kernels
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: (inputsAtOnce + 1) * images) { all in
      let (sums, block) = (all.baseAddress! + images, all.baseAddress!)
      for start in stride(from: 0, to: step.inputs, by: inputsAtOnce) {
        let count = min(inputsAtOnce, step.inputs - start)
        sums.initialize(repeating: 0, count: count * images)
        for column in stride(from: 0, to: step.outputs, by: Kernels.dotBlock) {
          let columns = min(Kernels.dotBlock, step.outputs - column)
          for image in stride(from: 0, to: images, by: imagesAtOnce) {
            let rows = min(imagesAtOnce, images - image)
            let from = outputGradients.start + image * outputGradients.step + column
            for i in 0..<count {
              kernels.dots(
                x: weight + (start + i) * step.outputs + column,
                .init(start: from, step: outputGradients.step), rows: rows, count: columns,
                into: block)
              for row in 0..<rows { sums[i * images + image + row] += block[row] }
            }
          }
        }
        for image in 0..<images {
          let target = inputGradients.start + image * inputGradients.step + start
          for i in 0..<count {
            let sum = Float(sums[i * images + image])
            target[i] = accumulates ? target[i] + sum : sum
          }
        }
      }
    }
  }
}

extension LinearStep {
  /// Whether all images of a group go through the layer at once.
  var hasManyWeights: Bool { weight.count >= LinearKernel.manyWeights }
}
