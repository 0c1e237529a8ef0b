import DFQEngine
public import DFQFiles
import DFQGraph
public import DFQTensor

/// Runs a student that no longer changes over sets of images, in batches.
///
/// The weights are rounded once. Use an evaluator from one task at a time.
public final class StudentEvaluator {
  /// The student.
  public let student: QuantizedNetwork
  private let executor: StudentExecutor
  private let effective: EffectiveWeights
  private let model: BitOPsModel
  private let batch: Int
  private let context: ExecutionContext

  /// Rounds the weights and prepares execution.
  ///
  /// - Parameters:
  ///   - student: The student.
  ///   - context: Where the student runs.
  ///   - batch: The number of images that are computed at a time, at least 1.
  public init(_ student: QuantizedNetwork, context: ExecutionContext, batch: Int = 128) {
    self.student = student
    self.batch = max(batch, 1)
    self.context = context
    executor = StudentExecutor(student, context: context)
    effective = executor.effectiveWeights(student)
    model = student.costModel
  }

  /// Runs normalized inputs N H W C.
  ///
  /// - Parameters:
  ///   - inputs: The inputs.
  ///   - policy: How bits are chosen.
  ///   - price: The price of a bit; nil takes the student's own.
  /// - Returns: What the student did with each image.
  /// - Throws: `NetworkError` for inputs of another shape; ``QuantizationError`` for bits that the
  ///   student does not have, or logits that are not finite; `CancellationError`.
  public func run(
    _ inputs: Tensor, policy: BitPolicy, price: Float? = nil
  ) throws -> StudentRun {
    try policy.check(student)
    guard inputs.rowShape == student.network.imageShape else {
      throw NetworkError.imageShape(expected: student.network.imageShape, found: inputs.rowShape)
    }
    var run = StudentRun()
    for start in stride(from: 0, to: inputs.rowCount, by: batch) {
      try Task.checkCancellation()
      let range = start..<min(start + batch, inputs.rowCount)
      let part = inputs.rows(range)
      run.append(try self.run(batch: part, policy: slice(policy, range), price: price))
    }
    return run
  }

  /// Runs real images, for evaluation and analysis.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - policy: How bits are chosen.
  ///   - progress: Called after each batch with the number of images done and the number of images.
  /// - Returns: What the student did with each image.
  /// - Throws: As ``run(_:policy:price:)``, ``QuantizationError/noImages(what:)``, and what the
  ///   images and `progress` throw.
  public func run(
    _ images: any RealImages, policy: BitPolicy, progress: ((Int, Int) throws -> Void)? = nil
  ) throws -> StudentRun {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "evaluation") }
    try policy.check(student)
    var run = StudentRun()
    for start in stride(from: 0, to: images.count, by: batch) {
      try Task.checkCancellation()
      let range = start..<min(start + batch, images.count)
      run.append(
        try self.run(
          batch: student.network.inputs(images, at: range), policy: slice(policy, range), price: nil
        ))
      try progress?(range.upperBound, images.count)
    }
    return run
  }

  private func slice(_ policy: BitPolicy, _ range: Range<Int>) -> BitPolicy {
    guard case .table(let table) = policy.choice else { return policy }
    let points = student.placement.points.count
    return .table(Array(table[range.lowerBound * points..<range.upperBound * points]))
  }

  /// All passes of a batch.
  private func run(batch inputs: Tensor, policy: BitPolicy, price: Float?) throws -> StudentRun {
    let passes = student.plan.passes
    guard case .selector = policy.choice, !passes.isEmpty else {
      return try onePass(inputs, policy: policy, price: price)
    }
    let classes = student.network.classCount
    var run = try onePass(inputs, policy: row(passes[0], inputs.rowCount), price: price)
    var images = Array(0..<inputs.rowCount)
    for (pass, positions) in passes.enumerated().dropFirst() {
      images = images.filter { continues($0, after: pass - 1, run, price: price) }
      guard !images.isEmpty else { break }
      let again = try onePass(
        inputs.rows(at: images), policy: row(positions, images.count), price: price)
      run.replace(images, by: again, points: positions.count, classes: classes)
    }
    return run
  }

  private func row(_ positions: [UInt8], _ count: Int) -> BitPolicy {
    .table((0..<count).flatMap { _ in positions })
  }

  private func continues(
    _ image: Int, after pass: Int, _ run: StudentRun, price: Float?
  ) -> Bool {
    let classes = student.network.classCount
    return run.logits.withUnsafeBufferPointer { logits in
      student.selectorParameters.withUnsafeBufferPointer { parameters in
        student.selector!.decider.continues(
          after: pass,
          logits: .init(rebasing: logits[image * classes..<(image + 1) * classes]),
          parameters: .init(rebasing: parameters[student.plan.passParameters]),
          price: price ?? student.bitPrice)
      }
    }
  }

  private func onePass(_ inputs: Tensor, policy: BitPolicy, price: Float?) throws -> StudentRun {
    var current = student
    if let price { current.bitPrice = price }
    let output = student.network.graph.output
    let response = try executor.run(
      current, images: inputs, request: .init(outputs: [output]), policy: policy,
      effective: effective)
    let logits = response.pass.outputs[0]
    try logits.checkFinite("quantized network")
    var run = StudentRun()
    run.predictions = logits.argmaxOfRows()
    run.logits = logits.elements
    run.choices = response.choices
    run.bits = response.bits
    run.passes = [Int](repeating: 1, count: inputs.rowCount)
    run.meanBits = response.bits.map { model.meanBits($0) }
    var selectorCost = 0.0
    if case .selector = policy.choice { selectorCost = student.selectorBitOPs }
    run.bitOPs = response.bits.map { model.cost($0) + selectorCost }
    return run
  }

  /// Measures normalized synthetic inputs N H W C under each candidate of the decider: what a decider
  /// is fitted to.
  ///
  /// - Throws: As ``run(_:policy:price:)``.
  public func measurements(_ inputs: Tensor, teacherLogits: Tensor?) throws -> DeciderMeasurements {
    var rows = student.plan.passes
    if rows.isEmpty {
      let candidates = student.plan.map.sites.flatMap(\.candidates)
      rows = Set(candidates).sorted().map { student.plan.map.positions(for: $0) }
    }
    let bits = rows.map { row in zip(student.outputs, row).map { $0.bits[Int($1)] } }
    let logits = try bits.map { bits in
      Tensor(
        shape: [inputs.rowCount, student.network.classCount],
        elements: try run(inputs, policy: .outputs(bits)).logits)
    }
    var features = student.plan.entries.map { _ in [Tensor]() }
    if !student.plan.entries.isEmpty {
      for start in stride(from: 0, to: inputs.rowCount, by: batch) {
        let part = inputs.rows(start..<min(start + batch, inputs.rowCount))
        _ = try executor.run(
          student, images: part, request: .init(outputs: [student.network.graph.output]),
          effective: effective)
        for site in features.indices {
          features[site].append(executor.features(site, batch: part.rowCount))
        }
      }
    }
    let deviations =
      student.selector?.decider.readsOutputDeviations == true
      ? try OutputDeviations.measure(
        student, inputs, effective: effective, batch: batch, context: context) : []
    return DeciderMeasurements(
      sites: student.plan.map.sites, bits: bits, logits: logits,
      bitOPs: rows.map { model.cost(positions: $0) },
      features: features.map { Tensor.concatenating($0) }, outputDeviations: deviations,
      teacherLogits: teacherLogits)
  }
}

extension Tensor {
  /// Throws where logits N C are not finite: such an image has no prediction.
  ///
  /// - Throws: ``QuantizationError/logitsNotFinite(what:images:)``.
  package func checkFinite(_ what: String) throws {
    guard !elements.allSatisfy(\.isFinite) else { return }
    let images = (0..<rowCount).filter { !row($0).elements.allSatisfy(\.isFinite) }.count
    throw QuantizationError.logitsNotFinite(what: what, images: images)
  }
}
