public import DynaDFQ
import Foundation

extension ReferenceNetwork {
  /// An activation of one number.
  public static func activation(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .relu: max(x, 0)
    case .relu6: min(max(x, 0), 6)
    case .leakyReLU(let slope): x < 0 ? Double(slope) * x : x
    case .tanh: Foundation.tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .hardSigmoid(let slope, let offset): min(max(Double(slope) * x + Double(offset), 0), 1)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .silu: x / (1 + exp(-x))
    case .gelu: x * (1 + erf(x / 2.0.squareRoot())) / 2
    case .geluTanh:
      x / 2 * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * pow(x, 3))))
    case .clip(let minimum, let maximum): min(max(x, Double(minimum)), Double(maximum))
    }
  }

  /// Layers that treat each pixel's channels alike, from the shapes and the parameters of one layer.
  static func channelwise(
    _ layer: any Layer, _ inputs: [[Double]], batch: Int, shapes: [Shape], parameters: [[Double]]
  ) -> [Double] {
    let channels = shapes[0].dimensions.last!
    let x = inputs[0]
    switch layer {
    case is PReLU:
      return x.enumerated().map { $1 < 0 ? parameters[0][$0 % channels] * $1 : $1 }
    case is ChannelAffine:
      return x.enumerated().map {
        $1 * parameters[0][$0 % channels] + parameters[1][$0 % channels]
      }
    case is Product:
      guard shapes[0] != shapes[1] else { return zip(x, inputs[1]).map { $0 * $1 } }
      return x.enumerated().map { index, value in
        value * inputs[1][index / shapes[0].count * channels + index % channels]
      }
    case is Concatenation:
      let pixels = batch * shapes[0].count / channels
      return (0..<pixels).flatMap { pixel in
        zip(inputs, shapes).flatMap { input, shape in
          let count = shape.dimensions.last!
          return input[pixel * count..<(pixel + 1) * count]
        }
      }
    case let norm as LayerNorm:
      return x.indices.map { index in
        let (pixel, c) = index.quotientAndRemainder(dividingBy: channels)
        let (mean, variance) = moments(
          Array(x[pixel * channels..<(pixel + 1) * channels]), channels: 1)
        return (x[index] - mean[0]) / (variance[0] + Double(norm.epsilon)).squareRoot()
          * parameters[0][c] + parameters[1][c]
      }
    case let selection as ChannelSelection:
      return (0..<x.count / channels).flatMap { pixel in
        selection.indices.map { x[pixel * channels + $0] }
      }
    case let norm as LocalResponseNormalization:
      return x.indices.map { index in
        let (pixel, c) = index.quotientAndRemainder(dividingBy: channels)
        // The window as ONNX writes it.
        let (first, last) = (c - (norm.size - 1) / 2, c + norm.size / 2)
        let squares = (max(first, 0)...min(last, channels - 1)).map { i in
          x[pixel * channels + i] * x[pixel * channels + i]
        }
        let sum = Double(norm.alpha) / Double(norm.size) * squares.reduce(0, +)
        return x[index] / pow(Double(norm.bias) + sum, Double(norm.beta))
      }
    default: preconditionFailure("\(layer) does not treat each pixel's channels alike")
    }
  }
}
