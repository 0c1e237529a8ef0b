import DFQEngine
import DFQGraph
import DFQTensor

/// What a unit is learned from: for every image the unit's input as student and teacher have it, and the teacher's output.
struct UnitFeatures {
  /// The student's values of the unit's input, before their quantizer.
  let student: FeatureStore
  /// The teacher's.
  let teacher: FeatureStore
  /// The teacher's values of the unit's output.
  let targets: FeatureStore
  private let unit: ReconstructionUnit
  private let context: ExecutionContext

  /// The images that are computed at a time.
  private static let batch = 32

  init(
    _ unit: ReconstructionUnit, of network: QuantizedNetwork, images: Int, context: ExecutionContext
  ) throws {
    self.unit = unit
    self.context = context
    let nodes = network.network.graph.nodes
    func store(_ node: Int) throws -> FeatureStore {
      try FeatureStore(rowShape: nodes[node].outputShape, rowCount: images, context: context)
    }
    student = try store(unit.input)
    teacher = try store(unit.input)
    targets = try store(unit.output)
  }

  /// Computes the values of all images.
  ///
  /// - Returns: The student's distance to the teacher at the unit's output.
  func fill(
    student network: QuantizedNetwork, teacher original: Network, images: Tensor
  ) throws -> Double {
    let nodes = [unit.input, unit.output]
    let executor = FloatExecutor(original, nodes: Set(nodes), context: context)
    return try forEachBatch(of: network, nodes, images) { range, own in
      let values = try executor.values(of: nodes, inputs: images.rows(range))
      student.write(own[0], at: range.lowerBound)
      teacher.write(values[0], at: range.lowerBound)
      targets.write(values[1], at: range.lowerBound)
      return UnitFeatures.squares(own[1], values[1])
    }
  }

  /// The distance of a student's outputs of the unit to the teacher's: squares, summed over channels, a mean over images and positions.
  func distance(of network: QuantizedNetwork, images: Tensor) throws -> Double {
    try forEachBatch(of: network, [unit.output], images) { range, own in
      UnitFeatures.squares(own[0], targets.rows(at: Array(range)))
    }
  }

  /// Values before their quantizers, with the most bits where there is a choice; the mean of what `body` returns.
  private func forEachBatch(
    of network: QuantizedNetwork, _ nodes: [Int], _ images: Tensor,
    _ body: (_ range: Range<Int>, _ values: [Tensor]) throws -> Double
  ) throws -> Double {
    let executor = StudentExecutor(network, observing: Set(nodes), context: context)
    let effective = executor.effectiveWeights(network)
    let policy = BitPolicy.outputs(network.outputs.map { $0.bits.last! })
    var sum = 0.0
    for start in stride(from: 0, to: images.rowCount, by: UnitFeatures.batch) {
      try Task.checkCancellation()
      let range = start..<min(start + UnitFeatures.batch, images.rowCount)
      let response = try executor.run(
        network, images: images.rows(range), request: .init(outputs: nodes), policy: policy,
        effective: effective)
      sum += try body(range, response.pass.outputs)
    }
    let positions = targets.rowShape.count / targets.rowShape.dimensions.last!
    return sum / Double(max(images.rowCount * positions, 1))
  }

  private static func squares(_ values: Tensor, _ targets: Tensor) -> Double {
    zip(values.elements, targets.elements).reduce(0.0) {
      $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
    }
  }
}
