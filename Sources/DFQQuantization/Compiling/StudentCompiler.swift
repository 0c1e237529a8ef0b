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
    case .layer: values[node] = try layer(node, point: point)
    }
  }

  /// Adds the operations of a layer and returns the value of the last one.
  private mutating func layer(_ node: Int, point: Int?) throws -> Int {
    let (name, layer) = (plan.graph.nodes[node].name, plan.graph.nodes[node].layer)
    guard let layer = layer as? any CompiledLayer else {
      throw RuntimeError.unsupported(
        layer: name, what: "layers of type \(type(of: layer).kind)")
    }
    let inputs = plan.graph.nodes[node].inputs.map { values[$0]! }
    let parts = try layer.operations(
      .init(
        name: name, inputs: inputs, shapes: inputs.map { program.values[$0].shape },
        output: plan.graph.nodes[node].outputShape,
        parameters: plan.layout.entries.filter { $0.node == node }.flatMap { parameters($0.range) }
      ))
    var value = inputs[0]
    for (index, part) in parts.enumerated() {
      var operation = Operation(part.kind, input: value, ending: part.ending)
      let rounds = index == parts.count - 1 ? point : nil
      guard operation.movesCodes else {
        value = append(operation, shape: part.shape, point: rounds)
        continue
      }
      if part.kind.addsZeros,
        let grids = program.values[value].point.map({ program.points[$0].grids }),
        !grids.allSatisfy(\.hasZero)
      {
        // What has no code is put beside numbers.
        operation.input = append(
          Operation(.identity, input: value), shape: program.values[value].shape, point: nil)
      }
      value = append(
        operation, shape: part.shape, point: program.values[operation.input].point)
      if let rounds {
        value = append(Operation(.identity, input: value), shape: part.shape, point: rounds)
      }
    }
    return value
  }

  private func parameters(_ range: Range<Int>?) -> [Float] {
    range.map { Array(student.network.parameters.values[$0]) } ?? []
  }

  private func convolution(
    _ convolution: ConvolutionStep, node: Int
  ) throws -> Operation.Convolution {
    var shape = convolution.shape
    var parts: Operation.Convolution.Parts?
    if case .grouped(let groups) = convolution.style {
      // The plan's shape is that of one group.
      shape.inputChannels *= groups.count
      shape.outputChannels *= groups.count
      parts = .init(
        groups: groups.count, dilationHeight: groups.dilation.height,
        dilationWidth: groups.dilation.width)
    }
    return .init(
      shape: shape, isDepthwise: convolution.style == .depthwise, parts: parts,
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
