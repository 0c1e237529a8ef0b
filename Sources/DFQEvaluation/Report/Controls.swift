import DFQEngine
import DFQGraph
import DFQQuantization
import DFQTensor

/// The control policies: what a dynamic student is worth without its selector looking at the image.
struct Controls: Sendable {
  let student: QuantizedNetwork
  /// The selector's own run.
  let run: StudentRun
  let seed: UInt64

  /// Which candidates each image gets and, where images take several passes, what it then costs.
  struct Table {
    var choices: [UInt8]
    var costs: [Double]?
  }

  private var outputs: [QuantizedOutput] { student.outputs }
  private var points: Int { outputs.count }
  private var images: Int { run.predictions.count }
  private var takesPasses: Bool { run.passes.contains { $0 > 1 } }

  /// Runs the controls asked for, in a fixed order.
  func policies(
    _ controls: [EvaluationReport.Control], judge: Judge, evaluate: (BitPolicy) throws -> StudentRun
  ) throws -> [(policy: EvaluationReport.Policy, run: StudentRun)] {
    var policies: [(policy: EvaluationReport.Policy, run: StudentRun)] = []
    func add(_ kind: EvaluationReport.Policy.Kind, _ table: Table) throws {
      var run = try evaluate(.table(table.choices))
      if let costs = table.costs { run.bitOPs = costs }
      policies.append((judge.policy(kind, run), run))
    }
    if controls.contains(.fixed) { try add(.fixed, fixed()) }
    if controls.contains(.random) { try add(.random, random()) }
    if controls.contains(.shuffled) { try add(.shuffled, shuffled()) }
    let wantsDivergence = controls.contains(.klOracle) && judge.reference?.logits.isEmpty == false
    guard controls.contains(.uniform) || controls.contains(.oracle) || wantsDivergence else {
      return policies
    }
    let widths = student.uniformBits
    let uniform = try widths.map { bits in
      let run = try evaluate(.fixed(bits))
      policies.append((judge.policy(.uniform, bits: bits, run), run))
      return run
    }
    if controls.contains(.oracle) {
      try add(.oracle, oracle(uniform: uniform, widths: widths, wanted: judge.labels))
    }
    if wantsDivergence, let reference = judge.reference {
      try add(.klOracle, klOracle(uniform: uniform, widths: widths, reference: reference))
    }
    return policies
  }

  /// Every choice drawn anew from the histogram of all the selector's choices, whatever layer or
  /// image they were for; whole images where bits are decided between passes.
  func random() -> Table {
    var stream = RandomStream(seed: seed, "control", "random")
    guard student.selectorTakesOnePass else {
      return dealt((0..<images).map { _ in stream.integer(below: images) })
    }
    let dynamic = outputs.filter(\.isDynamic).map(\.index)
    let pool = (0..<images).flatMap { image in
      dynamic.map { outputs[$0].bits[Int(run.choices[image * points + $0])] }
    }
    var table = run.choices
    for image in 0..<images {
      for point in dynamic {
        let bits = pool[stream.integer(below: pool.count)]
        table[image * points + point] = UInt8(outputs[point].candidate(for: bits))
      }
    }
    return Table(choices: table)
  }

  /// The selector's choices dealt to other images, whole images at a time: the allocation over
  /// layers stays, but it no longer depends on the image.
  func shuffled() -> Table {
    var stream = RandomStream(seed: seed, "control", "shuffled")
    return dealt(stream.permutation(images))
  }

  /// Each image's choices and passes are those of another.
  private func dealt(_ order: [Int]) -> Table {
    Table(
      choices: order.flatMap { Array(run.choices[$0 * points..<($0 + 1) * points]) },
      costs: takesPasses ? order.map { run.bitOPs[$0] } : nil)
  }

  /// The same bits for all images at (just below) the selector's mean BitOPs: each layer's bits
  /// rounded down from its mean over images, then raised where the mean was cut most while the cost
  /// allows.
  func fixed() -> Table {
    let model = student.costModel
    var row = [UInt8](repeating: 0, count: points)
    var missing = [Double](repeating: 0, count: points)
    for point in 0..<points {
      let mean = Statistics.mean((0..<images).map { Double(run.choices[$0 * points + point]) })
      row[point] = UInt8(mean)
      missing[point] = mean - Double(Int(mean))
    }
    func isAffordable(_ row: [UInt8]) -> Bool { model.cost(positions: row) <= run.averageBitOPs }
    // Unevenly spaced candidates may cost more at the floor of the mean position.
    for point in row.indices.reversed() where row[point] > 0 && !isAffordable(row) {
      row[point] -= 1
    }
    // Ties go to the earlier layer, so the control is reproducible.
    let order = missing.indices.sorted { (missing[$0], -$0) > (missing[$1], -$1) }
    for point in order where missing[point] > 0 {
      var raised = row
      raised[point] += 1
      if isAffordable(raised) { row = raised }
    }
    // Passes that are paid for but not seen in the last pass's bits leave more to spend.
    while takesPasses {
      let next = order.lazy.compactMap { point -> [UInt8]? in
        guard Int(row[point]) + 1 < outputs[point].bits.count else { return nil }
        var raised = row
        raised[point] += 1
        return isAffordable(raised) ? raised : nil
      }.first
      guard let next else { break }
      row = next
    }
    return Table(choices: (0..<images).flatMap { _ in row })
  }

  /// For each image the fewest bits, the same in all layers, at which the prediction is the wanted
  /// one; the most where none is.
  func oracle(uniform: [StudentRun], widths: [Int], wanted: [Int]) -> Table {
    Table(
      choices: (0..<images).flatMap { image in
        let place =
          uniform.firstIndex { $0.predictions[image] == wanted[image] } ?? uniform.count - 1
        return outputs.map { UInt8($0.candidate(for: widths[place])) }
      })
  }

  /// For each image the uniform candidate at which the sum of divergences from the float network is
  /// least, at the selector's mean BitOPs or just below.
  func klOracle(uniform: [StudentRun], widths: [Int], reference: TeacherRun) -> Table {
    let places = LagrangianChoice.options(
      losses: uniform.map { reference.divergences(of: $0.logits) },
      costs: uniform.map(\.bitOPs), budget: run.averageBitOPs)
    return Table(
      choices: places.flatMap { place in
        outputs.map { UInt8($0.candidate(for: widths[place])) }
      })
  }
}

extension QuantizedNetwork {
  /// The bits of the uniform controls: the quantizer's candidates or, where it has one, all that
  /// its outputs have.
  var uniformBits: [Int] {
    quantizer.activationBits.count > 1
      ? quantizer.activationBits : Set(outputs.filter(\.isDynamic).flatMap(\.bits)).sorted()
  }

  /// Whether bits are decided inside one pass.
  var selectorTakesOnePass: Bool { !decisionMap.sites.isEmpty }
}
