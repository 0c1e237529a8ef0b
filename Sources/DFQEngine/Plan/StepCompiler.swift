import DFQGraph
import DFQTensor

/// Turns groups of nodes into steps and counts the memory they need.
struct StepCompiler {
  let graph: Graph
  let layout: ParameterLayout
  private(set) var normMemoryCount = 0
  private(set) var transposedCount = 0
  private(set) var scratchCount = 0
  private(set) var layers: [LayerRecord] = []
  /// Why the first layer that cannot be computed cannot.
  private(set) var problem: (any Error)?
  private var normCount = 0

  init(graph: Graph, layout: ParameterLayout) {
    self.graph = graph
    self.layout = layout
  }

  mutating func step(_ group: [Int]) -> Step {
    let node = graph.nodes[group[0]]
    let output = group.last!
    func plain(_ kind: Step.Kind) -> Step {
      Step(kind: kind, output: output, inputs: .init(node.inputs))
    }
    switch node.layer {
    case let convolution as Convolution:
      return plain(.convolution(step(convolution, at: group[0])))
    case let linear as Linear:
      return plain(
        .linear(
          .init(
            inputs: graph.nodes[node.inputs[0]].outputShape.count, outputs: linear.outputs,
            weight: layout.entry(node: group[0], .weight)!.range,
            bias: layout.entry(node: group[0], .bias)?.range)))
    case let activation as Activation where activation.clamp == nil: return layer(group[0])
    case is BatchNorm, is Activation, is Sum: return normalization(group)
    default: return layer(group[0])
    }
  }

  /// The step of a layer that is known by its protocol alone.
  private mutating func layer(_ node: Int) -> Step {
    let inputs = graph.nodes[node].inputs
    do {
      let record = try LayerRecord(graph, node: node, layout: layout)
      scratchCount = max(scratchCount, aligned(record.step.scratchCount))
      layers.append(record)
      return Step(kind: .layer(layers.count - 1), output: node, inputs: .init(inputs))
    } catch {
      problem = problem ?? error
      return Step(kind: .add, output: node, inputs: .init(inputs))
    }
  }

  private mutating func step(_ c: Convolution, at position: Int) -> ConvolutionStep {
    let input = graph.nodes[graph.nodes[position].inputs[0]].outputShape
    let output = graph.nodes[position].outputShape
    let groups = ConvolutionGroups(c.groups, dilation: c.dilation)
    let isDilated = c.dilatedKernel != c.kernel
    let style: ConvolutionStep.Style =
      isDilated
      ? .grouped(groups)
      : c.groups == 1
        ? .dense
        : c.groups == input[2] && c.groups == c.outputChannels ? .depthwise : .grouped(groups)
    let parts = style == .grouped(groups) ? c.groups : 1
    let shape = ConvolutionShape(
      inputHeight: input[0], inputWidth: input[1], inputChannels: input[2] / parts,
      outputHeight: output[0], outputWidth: output[1], outputChannels: output[2] / parts,
      kernelHeight: c.dilatedKernel.height, kernelWidth: c.dilatedKernel.width,
      strideHeight: c.stride.height, strideWidth: c.stride.width, padTop: c.padding.top,
      padLeft: c.padding.left)
    let weight = layout.entry(node: position, .weight)!
    let transposed = transposedCount
    transposedCount += aligned(weight.shape.count)
    scratchCount = max(scratchCount, ConvolutionRunner.scratchCount(shape, style: style))
    return ConvolutionStep(
      shape: shape, style: style, weight: weight.range,
      bias: layout.entry(node: position, .bias)?.range, transposed: transposed)
  }

  private mutating func normalization(_ group: [Int]) -> Step {
    var norm: BatchNorm?
    var index: Int?
    var negativeSlope: Float = 1
    var upperBound = Float.infinity
    var inputs = [graph.nodes[group[0]].inputs[0]]
    for position in group {
      let node = graph.nodes[position]
      switch node.layer {
      case let constants as BatchNorm:
        norm = constants
        index = normCount
        normCount += 1
      case is Sum:
        if position == group[0] {
          inputs = node.inputs
        } else {
          let other = node.inputs.first { $0 != group[0] }!
          inputs.append(other)
        }
      case let activation as Activation:
        guard let clamp = activation.clamp else {
          preconditionFailure("\(node.name) has a step of its own")
        }
        (negativeSlope, upperBound) = clamp
      default: preconditionFailure("\(node.name) is no part of a normalization")
      }
    }
    let output = group.last!
    let shape = graph.nodes[output].outputShape
    let channels = shape.dimensions.last!
    if norm == nil, inputs.count == 2, negativeSlope == 1 {
      return Step(kind: .add, output: output, inputs: .init(inputs))
    }
    let prepared = normMemoryCount
    normMemoryCount += 2 * aligned(channels)
    func range(_ role: ParameterLayout.Role) -> Range<Int>? {
      norm == nil ? nil : layout.entry(node: group[0], role)?.range
    }
    return Step(
      kind: .normalization(
        .init(
          norm: norm, node: group[0], index: index, scaleEntry: range(.normScale),
          shiftEntry: range(.normShift),
          meanEntry: range(.runningMean), varianceEntry: range(.runningVariance),
          channels: channels, pixels: shape.count / channels, prepared: prepared,
          negativeSlope: negativeSlope,
          upperBound: upperBound, hasResidual: inputs.count == 2)),
      output: output, inputs: .init(inputs))
  }
}

extension Activation {
  /// The slope below zero and the upper bound of an activation that the built-in steps compute, nil for
  /// those with a step of their own.
  var clamp: (negativeSlope: Float, upperBound: Float)? {
    switch self {
    case .relu: (0, .infinity)
    case .relu6: (0, 6)
    case .leakyReLU(let slope): (slope, .infinity)
    case .tanh, .sigmoid, .hardSigmoid, .hardSwish, .silu, .gelu, .geluTanh, .clip: nil
    }
  }
}
