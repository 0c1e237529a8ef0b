package import DFQFiles
import DFQEngine
import DFQGraph
package import DFQTensor

/// What a student did with every image of a set under one policy.
package struct StudentRun: Sendable {
  /// The predicted class of each image.
  package var predictions: [Int] = []
  /// The chosen candidates, image by image and point by point.
  package var choices: [UInt8] = []
  /// The bits, image by image.
  package var bits: [[Int]] = []
  /// BitOPs of each image, the selector included where it was asked.
  package var bitOPs: [Double] = []
  /// The MAC-weighted mean activation bits of each image.
  package var meanBits: [Double] = []
  /// The logits, N C.
  package var logits: [Float] = []

  /// The share of images whose prediction is that of `labels`.
  package func share(equalTo labels: [Int]) -> Double {
    let hits = zip(predictions, labels).filter { $0 == $1 }.count
    return predictions.isEmpty ? 0 : Double(hits) / Double(predictions.count)
  }

  package var averageBitOPs: Double { mean(bitOPs) }
  package var averageBits: Double { mean(meanBits) }

  private func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }
}

/// Runs a student that no longer changes over sets of images; its weights are rounded once.
package final class StudentEvaluator {
  package let student: QuantizedNetwork
  private let executor: StudentExecutor
  private let effective: EffectiveWeights
  private let model: BitOPsModel
  private let batch = 128

  package init(_ student: QuantizedNetwork, context: ExecutionContext) {
    self.student = student
    executor = StudentExecutor(student, context: context)
    effective = executor.effectiveWeights(student)
    model = student.costModel
  }

  /// Runs normalized inputs N H W C; `price` replaces the student's own.
  package func run(_ inputs: Tensor, policy: BitPolicy, price: Float? = nil) throws -> StudentRun {
    var run = StudentRun()
    for start in stride(from: 0, to: inputs.rowCount, by: batch) {
      let range = start..<min(start + batch, inputs.rowCount)
      try add(inputs.rows(range), policy: slice(policy, range), price: price, to: &run)
    }
    return run
  }

  /// Runs real images: for evaluation and analysis alone.
  package func run(
    _ images: any RealImages, policy: BitPolicy, progress: ((Int, Int) -> Void)? = nil
  ) throws -> StudentRun {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "evaluation") }
    var run = StudentRun()
    for start in stride(from: 0, to: images.count, by: batch) {
      let range = start..<min(start + batch, images.count)
      try add(
        try student.network.inputs(images, at: range), policy: slice(policy, range), price: nil,
        to: &run)
      progress?(range.upperBound, images.count)
    }
    return run
  }

  private func slice(_ policy: BitPolicy, _ range: Range<Int>) -> BitPolicy {
    guard case .table(let table) = policy else { return policy }
    let points = student.placement.points.count
    return .table(Array(table[range.lowerBound * points..<range.upperBound * points]))
  }

  private func add(
    _ inputs: Tensor, policy: BitPolicy, price: Float?, to run: inout StudentRun
  ) throws {
    var current = student
    if let price { current.bitPrice = price }
    let output = student.network.graph.output
    let response = try executor.run(
      current, images: inputs, request: .init(outputs: [output]), policy: policy,
      effective: effective)
    run.predictions += response.pass.outputs[0].argmaxOfRows()
    run.logits += response.pass.outputs[0].elements
    run.choices += response.choices
    run.bits += response.bits
    run.meanBits += response.bits.map { model.meanBits($0) }
    var selectorCost = 0.0
    if case .selector = policy { selectorCost = student.selectorBitOPs }
    run.bitOPs += response.bits.map { model.cost($0) + selectorCost }
  }
}
