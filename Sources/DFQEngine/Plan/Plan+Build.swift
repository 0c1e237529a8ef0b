package import DFQGraph
import DFQTensor

extension Plan {
  /// Compiles a graph.
  ///
  /// `observed` nodes keep their values (taps); `transformed` nodes get a second, transformed
  /// value.
  package init(
    _ graph: Graph, observing observed: Set<Int> = [], transforming transformed: [Int] = []
  ) {
    let layout = ParameterLayout(graph)
    var compiler = StepCompiler(graph: graph, layout: layout)
    let fusion = Fusion(graph, keeping: observed.union(transformed))
    var steps: [Step] = []
    for group in fusion.groups where group != [0] { steps.append(compiler.step(group)) }

    var transformPoint = [Int?](repeating: nil, count: graph.nodes.count)
    for (point, node) in transformed.enumerated() { transformPoint[node] = point }
    var hasValue = [Bool](repeating: false, count: graph.nodes.count)
    for node in [0] + steps.map(\.output) { hasValue[node] = true }
    let layers = compiler.layers
    inputs = steps.map { step in
      if case .layer(let index) = step.kind { layers[index].inputs } else { Array(step.inputs) }
    }
    let gradients = GradientMemory(
      steps: steps, inputs: inputs, layers: layers, graph: graph)
    self.layers = layers
    problem = compiler.problem

    self.graph = graph
    self.layout = layout
    self.steps = steps
    self.transformPoint = transformPoint
    self.hasValue = hasValue
    hasConsumer = graph.consumers().map { !$0.isEmpty }
    counts = graph.nodes.map(\.outputShape.count)
    channels = graph.nodes.map { $0.outputShape.dimensions.last! }
    normalizationBefore = Plan.normalizationsBefore(
      steps, graph: graph, transformPoint: transformPoint)
    var after = [Int?](repeating: nil, count: steps.count)
    for (position, before) in normalizationBefore.enumerated() {
      if let before { after[before] = position }
    }
    convolutionAfter = after
    isNormalizedNext = Plan.normalizedNext(steps, graph: graph, transformPoint: transformPoint)
    gradientOffset = gradients.offset
    writesFirst = gradients.writesFirst
    gradientCount = gradients.count
    normMemoryCount = compiler.normMemoryCount
    transposedCount = compiler.transposedCount
    normSteps = steps.indices.filter {
      if case .normalization(let step) = steps[$0].kind { step.index != nil } else { false }
    }
    scratchCount = compiler.scratchCount
  }

  private static func normalizationsBefore(
    _ steps: [Step], graph: Graph, transformPoint: [Int?]
  ) -> [Int?] {
    let consumers = graph.consumers()
    return steps.map { step in
      guard case .convolution(let convolution) = step.kind, convolution.style == .dense,
        consumers[step.inputs[0]].count == 1, transformPoint[step.inputs[0]] == nil,
        let before = steps.firstIndex(where: { $0.output == step.inputs[0] }),
        case .normalization(let norm) = steps[before].kind, norm.norm != nil, !norm.hasResidual
      else { return nil }
      return before
    }
  }

  private static func normalizedNext(
    _ steps: [Step], graph: Graph, transformPoint: [Int?]
  ) -> [Bool] {
    let consumers = graph.consumers()
    return steps.indices.map { position in
      guard case .convolution(let convolution) = steps[position].kind, convolution.style == .dense,
        position + 1 < steps.count, case .normalization = steps[position + 1].kind
      else { return false }
      let output = steps[position].output
      return steps[position + 1].inputs[0] == output && consumers[output].count == 1
        && transformPoint[output] == nil
    }
  }
}

/// Rounds up to 16 floats, so that values start on cache lines.
func aligned(_ count: Int) -> Int { (count + 15) / 16 * 16 }

/// Plans where gradients lie: a gradient lives from its first writer (the last consumer) to its
/// producer's backward.
struct GradientMemory {
  private(set) var offset: [Int?]
  private(set) var writesFirst: [[Bool]]
  private(set) var count = 0
  private var free: [(offset: Int, size: Int)] = []

  init(steps: [Step], inputs: [[Int]], layers: [LayerRecord], graph: Graph) {
    offset = [Int?](repeating: nil, count: graph.nodes.count)
    writesFirst = inputs.map { [Bool](repeating: false, count: $0.count) }
    for position in steps.indices.reversed() {
      let step = steps[position]
      let size = aligned(graph.nodes[step.output].outputShape.count)
      if offset[step.output] == nil { offset[step.output] = take(size) }
      var reused = false
      for (place, input) in inputs[position].enumerated() where offset[input] == nil {
        writesFirst[position][place] = true
        // An elementwise step hands its own gradient memory on to its first input.
        if place == 0, step.isElementwise(layers) {
          offset[input] = offset[step.output]
          reused = true
        } else {
          offset[input] = take(aligned(graph.nodes[input].outputShape.count))
        }
      }
      if !reused { free.append((offset[step.output]!, size)) }
    }
  }

  private mutating func take(_ size: Int) -> Int {
    let fitting = free.indices.filter { free[$0].size >= size }
    if let best = fitting.min(by: { free[$0].size < free[$1].size }) {
      return free.remove(at: best).offset
    }
    count += size
    return count - size
  }
}

extension Step {
  /// Whether the gradient at the first input can take the place of the gradient at the output.
  func isElementwise(_ layers: [LayerRecord]) -> Bool {
    switch kind {
    case .normalization, .add: true
    case .layer(let index): layers[index].step.isInPlace
    default: false
    }
  }
}
