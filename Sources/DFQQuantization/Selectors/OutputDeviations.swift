import DFQEngine
import DFQGraph
import DFQTensor

/// Measures the standard deviation of each quantized output's values in every image, before rounding.
final class OutputDeviations: ActivationTransform, @unchecked Sendable {
  let nodes: [Int]
  private let counts: [Int]
  /// By shard and point.
  private let sums: ShardSums<Double>

  init(_ student: QuantizedNetwork) {
    nodes = student.placement.points.map(\.node)
    counts = nodes.map { student.network.graph.nodes[$0].outputShape.count }
    sums = ShardSums(shards: Shards.limit, count: nodes.count)
  }

  func forward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>?, codes: UnsafeMutablePointer<UInt8>?
  ) {
    let count = counts[point]
    output?.update(from: raw, count: count)
    var (sum, squares) = (0.0, 0.0)
    for index in 0..<count {
      let value = Double(raw[index])
      sum += value
      squares += value * value
    }
    let mean = sum / Double(count)
    sums[shard][point] += max(squares / Double(count) - mean * mean, 0).squareRoot()
  }

  func backward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {}

  /// The mean over inputs N H W C, by quantized output, of a student whose activations are not rounded.
  static func measure(
    _ student: QuantizedNetwork, _ inputs: Tensor, effective: EffectiveWeights, batch: Int,
    context: ExecutionContext
  ) throws -> [Double] {
    let observer = OutputDeviations(student)
    let executor = Executor(
      plan: Plan(student.network.graph, transforming: observer.nodes), context: context,
      transform: observer, banks: student.placement.banks)
    for start in stride(from: 0, to: inputs.rowCount, by: batch) {
      _ = try executor.run(
        images: inputs.rows(start..<min(start + batch, inputs.rowCount)),
        parameters: effective.values, request: .init())
    }
    let totals = observer.sums.total(0..<observer.sums.count, shards: Shards.limit)
    return totals.map { $0 / Double(max(inputs.rowCount, 1)) }
  }
}
