import DFQEngine
package import DFQGraph
package import DFQTensor

/// Learns the rounding of one unit of a student.
package struct UnitReconstruction {
  private let method: AdaptiveRounding
  private let context: ExecutionContext
  private let network: UnitNetwork
  private let executor: Executor
  private let transform: UnitTransform
  /// The student's points that the transform's points are.
  private let points: [Int]
  private let batch: Int
  private var layers: [(layer: SoftRoundedLayer, range: Range<Int>)]
  private var parameters: [Float]

  /// - Throws: What building the unit's graph throws.
  package init(
    _ unit: ReconstructionUnit, of student: QuantizedNetwork, teacher: Network,
    by method: AdaptiveRounding, images: Int, context: ExecutionContext
  ) throws {
    self.method = method
    self.context = context
    network = try UnitNetwork(unit, of: teacher)
    batch = min(method.imagesPerStep, images)
    let places = network.positions
    points = student.placement.points.indices.filter { point in
      let node = student.placement.points[point].node
      return method.quantizesActivations && node != unit.output && places[node] != nil
    }
    let nodes = points.map { places[student.placement.points[$0].node]! }
    let graph = network.graph
    transform = UnitTransform(
      nodes: nodes, grids: points.map { student.activationGrids[$0] },
      counts: nodes.map { graph.nodes[$0].outputShape.count }, batch: batch,
      keptShare: method.keptShare, kernels: context.kernels)
    executor = Executor(
      plan: Plan(graph, transforming: nodes), context: context,
      transform: nodes.isEmpty ? nil : transform)
    let weights = WeightQuantization(student: student)
    let network = network
    layers = student.placement.layers.indices.compactMap { index in
      let node = student.placement.layers[index].node
      guard unit.nodes.contains(node), let grids = weights.grids(index) else { return nil }
      let values = teacher.parameters.values[weights.entry(index).range]
      return (
        SoftRoundedLayer(index: index, weights: values, grids: grids), network.weights(of: node)
      )
    }
    parameters = network.parameters
  }

  /// Whether anything is to be learned.
  var isEmpty: Bool { layers.isEmpty }

  /// V, layer by layer.
  package var variables: [[Float]] {
    get { layers.map(\.layer.variables) }
    set {
      for (place, values) in newValue.enumerated() { layers[place].layer.variables = values }
    }
  }

  /// The sum of the penalties at the variables of the last pass, without λ.
  package func penalty(exponent: Float) -> Double {
    layers.reduce(0) { $0 + $1.layer.penalty(exponent: exponent) }
  }

  /// The loss of a batch and its gradients at V, layer by layer, and at the logarithms of the steps.
  package struct Step {
    package var distance = 0.0
    package var variables: [[Float]] = []
    package var steps: [Float] = []
  }

  /// Runs a batch: inputs of the unit, and the outputs of the teacher for them.
  ///
  /// - Throws: What the executor throws.
  package mutating func gradients(
    inputs: Tensor, targets: Tensor, exponent: Float?, key: UInt64
  ) throws -> Step {
    parameters.withUnsafeMutableBufferPointer { values in
      for place in layers.indices {
        layers[place].layer.values(into: values.baseAddress! + layers[place].range.lowerBound)
      }
    }
    transform.begin(key: key)
    let output = network.graph.output
    // The distance is summed over channels, and a mean over images and positions.
    let channels = Float(network.graph.outputShape.dimensions.last!)
    let learnsSteps = method.stepRate > 0 && !points.isEmpty
    let result = try executor.run(
      images: inputs, parameters: parameters,
      request: .init(
        imageObjectives: [SquaredError(targets: targets, node: output, weight: channels)],
        imageGradient: learnsSteps, parameterGradient: true))
    var step = Step(distance: result.totalLoss)
    step.variables = result.parameterGradient.withUnsafeBufferPointer { gradient in
      layers.map { layer, range in
        layer.gradient(
          .init(rebasing: gradient[range]), penalty: method.penalty, exponent: exponent)
      }
    }
    if learnsSteps {
      step.steps = transform.stepGradient(executor.reduction(batch: inputs.rowCount))
    }
    return step
  }

  /// Learns from the unit's inputs as student and teacher have them, and the teacher's outputs.
  ///
  /// - Throws: `NetworkError.lossNotFinite`, what the executor and `progress` throw, `CancellationError`.
  mutating func learn(
    from features: UnitFeatures, seed: UInt64, name: String,
    progress: (_ step: Int, _ distance: Double) throws -> Void
  ) throws {
    var optimizers = layers.map { Adam(count: $0.layer.count) }
    var stepOptimizer = Adam(count: transform.logarithms.count)
    for iteration in 0..<method.iterations {
      try Task.checkCancellation()
      var stream = RandomStream(seed: seed, "adaptive rounding", name, iteration)
      let rows = (0..<batch).map { _ in stream.integer(below: features.student.rowCount) }
      let key = stream.next()
      let step = try gradients(
        inputs: mixed(features, rows: rows, key: key), targets: features.targets.rows(at: rows),
        exponent: method.exponent(step: iteration), key: key)
      guard step.distance.isFinite else {
        throw NetworkError.lossNotFinite(
          what: "adaptive rounding of \(name)", step: iteration, value: "\(step.distance)")
      }
      for place in layers.indices {
        try optimizers[place].step(
          &layers[place].layer.variables, gradient: step.variables[place], rate: method.rate,
          context: context)
      }
      try progress(iteration + 1, step.distance)
      guard !step.steps.isEmpty else { continue }
      var logarithms = transform.logarithms
      let factor = LearningRateSchedule.cosine(final: 0).factor(
        step: iteration, total: method.iterations)
      try stepOptimizer.step(
        &logarithms, gradient: step.steps, rate: method.stepRate * factor, context: context)
      transform.logarithms = logarithms
    }
  }

  /// The student's inputs with the kept share of their elements from the teacher.
  ///
  /// Where the input is quantized these are the elements that the quantizer leaves as they are.
  private func mixed(_ features: UnitFeatures, rows: [Int], key: UInt64) -> Tensor {
    var inputs = features.student.rows(at: rows)
    guard method.keptShare > 0 else { return inputs }
    let mask = DropMask(key: key, share: method.keptShare)
    let point = transform.nodes.firstIndex(of: 0) ?? -1
    let count = inputs.rowShape.count
    let teacher = features.teacher.rows(at: rows)
    inputs.withUnsafeMutableElements { target in
      teacher.withUnsafeElements { source in
        nonisolated(unsafe) let (target, source) = (target.baseAddress!, source.baseAddress!)
        context.pool.forEach(rows.count) { place, _ in
          mask.keep(
            source + place * count, stream: mask.stream(point: point, image: place), count: count,
            into: target + place * count, kernels: context.kernels)
        }
      }
    }
    return inputs
  }

  /// Puts the rounded weights and the learned steps into the student.
  func put(into student: inout QuantizedNetwork) {
    let weights = WeightQuantization(student: student)
    for (layer, _) in layers {
      // Grids that follow the weights' extremes keep those of the weights before.
      if !student.quantizer.weights.learnsStep {
        student.weightExtremes[layer.index] = weights.extremes(layer.index).flatMap {
          [$0.low, $0.high]
        }
      }
      student.network.parameters.values.replaceSubrange(
        weights.entry(layer.index).range, with: layer.roundedValues())
    }
    for (place, point) in points.enumerated() {
      student.activationGrids[point] = transform.grids[place]
    }
  }
}
