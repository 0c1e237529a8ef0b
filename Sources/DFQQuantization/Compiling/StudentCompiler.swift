import DFQEngine
import DFQGraph
import DFQRuntime
import DFQTensor

/// Turns a student into an integer program, step by step of the plan that the training executor runs.
struct StudentCompiler {
  private let student: QuantizedNetwork
  private let plan: Plan
  private let weights: WeightQuantization
  private let consumers: [[Int]]
  private let kernels = Kernels(.best)
  private var program: IntegerProgram
  /// The value of each node.
  private var values: [Int: Int] = [:]

  init(_ student: QuantizedNetwork) throws {
    try student.checkFinite()
    self.student = student
    weights = WeightQuantization(student: student)
    let points = student.placement.points
    consumers = student.network.graph.consumers()
    plan = Plan(student.network.graph, transforming: points.map(\.node))
    program = IntegerProgram(
      points: zip(student.outputs, student.activationGrids).map { output, grids in
        .init(name: output.name, grids: grids)
      }, values: [.init(shape: student.network.imageShape)])
  }

  func compiled() throws -> IntegerProgram {
    var compiler = self
    try compiler.compile()
    return compiler.program
  }

  private mutating func compile() throws {
    values[0] = 0
    if let point = plan.transformPoint[0] {
      values[0] = append(
        Operation(.identity, input: 0), shape: student.network.imageShape, point: point)
    }
    var position = 0
    while position < plan.steps.count {
      let fuses = isNormalizedNext(position)
      try compile(plan.steps[position], ending: fuses ? plan.steps[position + 1] : nil)
      position += fuses ? 2 : 1
    }
    program.decisions = try SelectorCompiler(student).decisions()
    (program.passes, program.passThresholds) = try SelectorCompiler(student).passes()
  }

  /// Whether a step is a convolution that only the next step reads, a normalization: one operation.
  private func isNormalizedNext(_ position: Int) -> Bool {
    let next = position + 1
    guard case .convolution = plan.steps[position].kind, next < plan.steps.count,
      case .normalization = plan.steps[next].kind
    else { return false }
    let output = plan.steps[position].output
    return plan.steps[next].inputs[0] == output && consumers[output].count == 1
      && plan.transformPoint[output] == nil
  }

  /// Adds an operation and its value.
  private mutating func append(_ operation: Operation, shape: Shape, point: Int?) -> Int {
    program.operations.append(operation)
    program.values.append(.init(shape: shape, point: point))
    return program.values.count - 1
  }

  private func name(_ node: Int) -> String { plan.graph.nodes[node].name }

  private mutating func compile(_ step: DFQEngine.Step, ending: DFQEngine.Step?) throws {
    let node = ending?.output ?? step.output
    let shape = plan.graph.nodes[node].outputShape
    let point = plan.transformPoint[node]
    let input = values[step.inputs[0]]!
    switch step.kind {
    case .convolution(let convolution):
      var operation = Operation(
        .convolution(try self.convolution(convolution, node: step.output)), input: input)
      if let ending { operation.ending = normalization(ending) }
      values[node] = append(operation, shape: shape, point: point)
    case .linear(let linear):
      let operation = Operation(
        .linear(
          .init(
            inputs: linear.inputs, outputs: linear.outputs, weights: try source(step.output),
            bias: parameters(linear.bias))), input: input)
      values[node] = append(operation, shape: shape, point: point)
    case .normalization, .add:
      let operation = Operation(.identity, input: input, ending: normalization(step))
      values[node] = append(operation, shape: shape, point: point)
    case .layer:
      let kind = try kind(of: node, input: input)
      let operation = Operation(kind, input: input)
      guard operation.movesCodes else {
        values[node] = append(operation, shape: shape, point: point)
        return
      }
      var value = append(operation, shape: shape, point: program.values[input].point)
      if let point {
        value = append(Operation(.identity, input: value), shape: shape, point: point)
      }
      values[node] = value
    }
  }

  private func kind(of node: Int, input: Int) throws -> Operation.Kind {
    let from = program.values[input].shape
    let to = plan.graph.nodes[node].outputShape
    let layer = plan.graph.nodes[node].layer
    switch layer {
    case let pool as MaxPool: return .maxPool(pool.window.shape(input: from, output: to))
    case let pool as AveragePool:
      guard !pool.countsPadding || pool.window.padding == Padding(0) else {
        throw RuntimeError.unsupported(layer: name(node), what: "means that count padding")
      }
      return .averagePool(pool.window.shape(input: from, output: to))
    case is GlobalAveragePool: return .globalAveragePool
    case let pad as PadChannels: return .padChannels(stride: pad.stride, before: pad.before)
    case is Flatten, is Reshape: return .reshape
    case let activation as Activation:
      throw RuntimeError.unsupported(layer: name(node), what: "the activation \(activation)")
    default:
      throw RuntimeError.unsupported(
        layer: name(node), what: "layers of type \(type(of: layer).kind)")
    }
  }

  private func parameters(_ range: Range<Int>?) -> [Float] {
    range.map { Array(student.network.parameters.values[$0]) } ?? []
  }

  private func convolution(
    _ convolution: ConvolutionStep, node: Int
  ) throws -> Operation.Convolution {
    if case .grouped(let groups) = convolution.style {
      throw RuntimeError.unsupported(
        layer: name(node), what: "\(groups.count) groups of dilation \(groups.dilation)")
    }
    return .init(
      shape: convolution.shape, isDepthwise: convolution.style == .depthwise,
      weights: try source(node), bias: parameters(convolution.bias))
  }

  /// The weights of a layer, in every version that the student has.
  private func source(_ node: Int) throws -> Weights {
    let layers = student.placement.layers
    guard let index = layers.firstIndex(where: { $0.node == node }) else {
      throw RuntimeError.unsupported(layer: name(node), what: "weights without a place")
    }
    let layer = layers[index]
    guard !layer.isFloat else { return .floats(parameters(weights.entry(index).range)) }
    return .codes(
      layer.bankBits.indices.map { bank in
        let grids = weights.grids(index, bank: bank)!
        return CodedWeights(
          bits: layer.bankBits[bank],
          codes: weights.codes(index, grids, kernels: kernels).map { Int8($0) },
          levels: grids.map(\.levelsPerUnit), zeros: grids.map(\.zero))
      })
  }

  /// The ending that a normalization, a sum or an activation is.
  private func normalization(_ step: DFQEngine.Step) -> Operation.Ending {
    var ending = Operation.Ending()
    switch step.kind {
    case .normalization(let norm):
      (ending.scale, ending.shift) = norm.constants(student.network.parameters.values)
      ending.residual = norm.hasResidual ? values[step.inputs[1]]! : nil
      ending.negativeSlope = norm.negativeSlope
      ending.upperBound = norm.upperBound
    default: ending.residual = values[step.inputs[1]]!
    }
    return ending
  }
}
