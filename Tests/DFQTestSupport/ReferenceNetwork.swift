public import DynaDFQ

/// A graph computed in double precision by the plainest loops there are: what executors and their
/// gradients are compared with.
public struct ReferenceNetwork {
  /// The graph.
  public let graph: Graph
  private let layout: ParameterLayout

  /// Makes a reference of a graph.
  public init(_ graph: Graph) {
    self.graph = graph
    layout = ParameterLayout(graph)
  }

  /// The values of every node, N followed by the node's shape; in training mode batch norm uses
  /// the batch's moments.
  public func values(
    images: [Double], batch: Int, parameters: [Double], training: Bool
  ) -> [[Double]] {
    var values: [[Double]] = []
    for (position, node) in graph.nodes.enumerated() {
      let inputs = node.inputs.map { values[$0] }
      func parameter(_ role: ParameterLayout.Role) -> [Double]? {
        layout.entry(node: position, role).map { Array(parameters[$0.range]) }
      }
      let shape = node.inputs.first.map { graph.nodes[$0].outputShape } ?? node.outputShape
      switch node.layer {
      case is InputLayer: values.append(images)
      case let c as Convolution:
        values.append(
          ReferenceNetwork.convolution(
            c, inputs[0], batch: batch, shape: shape, outputShape: node.outputShape,
            weight: parameter(.weight)!, bias: parameter(.bias)))
      case let norm as BatchNorm:
        let channels = shape.dimensions.last!
        var mean = parameter(.runningMean)!
        var variance = parameter(.runningVariance)!
        if training { (mean, variance) = ReferenceNetwork.moments(inputs[0], channels: channels) }
        let gamma = parameter(.normScale) ?? .init(repeating: 1, count: channels)
        let beta = parameter(.normShift) ?? .init(repeating: 0, count: channels)
        values.append(
          inputs[0].enumerated().map { index, x in
            let c = index % channels
            return (x - mean[c]) / (variance[c] + Double(norm.epsilon)).squareRoot() * gamma[c]
              + beta[c]
          })
      case let activation as Activation:
        values.append(inputs[0].map { ReferenceNetwork.activation(activation, $0) })
      case is Sum: values.append(zip(inputs[0], inputs[1]).map { $0 + $1 })
      case let linear as Linear:
        let outputs = linear.outputs
        let weight = parameter(.weight)!
        let bias = parameter(.bias)
        values.append(
          (0..<batch * outputs).map { index in
            let (row, output) = index.quotientAndRemainder(dividingBy: outputs)
            return (0..<shape.count).reduce(bias?[output] ?? 0) {
              $0 + inputs[0][row * shape.count + $1] * weight[$1 * outputs + output]
            }
          })
      case is Flatten, is Reshape: values.append(inputs[0])
      case is PReLU, is Product, is Concatenation, is LayerNorm, is ChannelAffine,
        is ChannelSelection, is LocalResponseNormalization:
        values.append(
          ReferenceNetwork.channelwise(
            node.layer, inputs, batch: batch, shapes: graph.inputShapes(position),
            parameters: layout.entries.filter { $0.node == position }.map {
              Array(parameters[$0.range])
            }))
      default:
        values.append(
          ReferenceNetwork.positional(
            node.layer, inputs[0], batch: batch, shape: shape, outputShape: node.outputShape))
      }
    }
    return values
  }

  /// Per-channel mean and biased variance.
  public static func moments(_ x: [Double], channels: Int) -> ([Double], [Double]) {
    let count = Double(x.count / channels)
    var mean = [Double](repeating: 0, count: channels)
    var variance = mean
    for (index, value) in x.enumerated() { mean[index % channels] += value / count }
    for (index, value) in x.enumerated() {
      let difference = value - mean[index % channels]
      variance[index % channels] += difference * difference / count
    }
    return (mean, variance)
  }

  private static func convolution(
    _ c: Convolution, _ x: [Double], batch: Int, shape: Shape, outputShape: Shape,
    weight: [Double], bias: [Double]?
  ) -> [Double] {
    let (inputs, outputs) = (shape[2] / c.groups, c.outputChannels)
    let perGroup = outputs / c.groups
    var result = [Double](repeating: 0, count: batch * outputShape.count)
    for index in result.indices {
      let o = index % outputs
      let column = index / outputs % outputShape[1]
      let row = index / outputs / outputShape[1] % outputShape[0]
      let image = index / outputShape.count
      var sum = bias?[o] ?? 0
      for ky in 0..<c.kernel.height {
        for kx in 0..<c.kernel.width {
          let y = row * c.stride.height + ky * c.dilation.height - c.padding.top
          let z = column * c.stride.width + kx * c.dilation.width - c.padding.left
          guard (0..<shape[0]).contains(y), (0..<shape[1]).contains(z) else { continue }
          for i in 0..<inputs {
            let source = ((image * shape[0] + y) * shape[1] + z) * shape[2]
            sum +=
              x[source + o / perGroup * inputs + i]
              * weight[((ky * c.kernel.width + kx) * inputs + i) * outputs + o]
          }
        }
      }
      result[index] = sum
    }
    return result
  }

  private static func positional(
    _ layer: any Layer, _ x: [Double], batch: Int, shape: Shape, outputShape: Shape
  ) -> [Double] {
    let channels = outputShape.dimensions.last!
    return (0..<batch * outputShape.count).map { index in
      let c = index % channels
      let image = index / outputShape.count
      func at(_ row: Int, _ column: Int, _ channel: Int) -> Double {
        x[((image * shape[0] + row) * shape[1] + column) * shape[2] + channel]
      }
      guard outputShape.rank == 3 else {
        let all = (0..<shape[0] * shape[1]).map { at($0 / shape[1], $0 % shape[1], c) }
        return all.reduce(0, +) / Double(all.count)
      }
      let column = index / channels % outputShape[1]
      let row = index / channels / outputShape[1] % outputShape[0]
      func values(in window: PoolingWindow) -> [Double] {
        let top = row * window.stride.height - window.padding.top
        let left = column * window.stride.width - window.padding.left
        return (top..<top + window.kernel.height).filter((0..<shape[0]).contains).flatMap { y in
          (left..<left + window.kernel.width).filter((0..<shape[1]).contains).map { at(y, $0, c) }
        }
      }
      switch layer {
      case let pad as PadChannels:
        let source = c - pad.before
        return (0..<shape[2]).contains(source)
          ? at(row * pad.stride, column * pad.stride, source) : 0
      case let upsample as Upsample: return at(row / upsample.factor, column / upsample.factor, c)
      case let pool as MaxPool: return values(in: pool.window).max()!
      case let pool as AveragePool:
        let values = values(in: pool.window)
        let window = pool.window.kernel.height * pool.window.kernel.width
        return values.reduce(0, +) / Double(pool.countsPadding ? window : values.count)
      case let pad as PadMap:
        let (y, z) = (row - pad.padding.top, column - pad.padding.left)
        return (0..<shape[0]).contains(y) && (0..<shape[1]).contains(z)
          ? at(y, z, c) : Double(pad.value)
      default: preconditionFailure("\(layer) is none of the positional layers")
      }
    }
  }
}
