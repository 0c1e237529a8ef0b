import DFQQuantization
import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Selectors whose decisions are taken together: DQNet's gradient, AdaBM's factors.
@Suite struct GroupSelectorTests {
  private static let context = ExecutionContext(threads: 2)

  private func student(
    _ decider: some BitDecider, candidates: [Int] = [3, 4, 5]
  ) throws -> (QuantizedNetwork, Tensor) {
    var stream = RandomStream(seed: 21)
    let images = stream.tensor([12, 8, 8, 3])
    var student = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: Quantizer(weightBits: 4, activationBits: candidates),
      selector: BitSelector(decider), seed: 1)
    try student.calibrate(batches: [images], context: Self.context)
    return (student, images)
  }

  /// Probabilities of one image and group by the formula softmax((s - price * bits + noise) / tau).
  private func probabilities(_ scores: [Double]) -> [Double] {
    let largest = scores.max() ?? 0
    let powers = scores.map { exp($0 - largest) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  /// The gradient of w sum log E_p[bits], which is that of CADyQ's ratio, and of the budget's slope,
  /// through noise, temperature, softmax and a controller with shared hidden values.
  @Test(arguments: [0, 4], [Float(0), 0.5])
  func gradientOfCosts(hidden: Int, temperature: Float) throws {
    var (student, images) = try student(
      DQNet(hidden: hidden, temperature: temperature, point: 1))
    var stream = RandomStream(seed: 4)
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = 0.3 * stream.normal()
    }
    student.bitPrice = 0.05
    let site = student.decisionMap.sites[0]
    let features = try StudentEvaluator(student, context: Self.context).measurements(
      images, teacherLogits: nil
    ).features[0]
    let shares = student.costModel.shares
    let (slope, ratio, noise) = (0.7, 0.2, UInt64(77))
    let (width, groups, count) = (features.shape[1], site.groups.count, 3)

    func loss(_ p: [Double]) -> Double {
      var sum = 0.0
      for image in 0..<images.rowCount {
        func affine(_ x: [Double], at start: Int, _ columns: Int) -> [Double] {
          (0..<columns).map { column in
            x.indices.reduce(p[start + x.count * columns + column]) {
              $0 + x[$1] * p[start + $1 * columns + column]
            }
          }
        }
        var x = features.row(image).elements.map(Double.init)
        var start = 0
        if hidden > 0 {
          x = affine(x, at: 0, hidden).map { max($0, 0) }
          start = (width + 1) * hidden
        }
        var scores = affine(x, at: start, groups * count)
        var draws = RandomStream(seed: noise, "gumbel", image, 0)
        for index in scores.indices {
          let output = site.groups[index / count][0]
          let bits = Double(site.candidates[index % count])
          scores[index] -=
            Double(student.bitPrice) * shares[output] * Double(student.outputs.count) * bits
          guard temperature > 0 else { continue }
          let u = (Double(draws.next() >> 11) + 0.5) / pow(2, 53)
          scores[index] = (scores[index] - log(-log(u))) / Double(temperature)
        }
        for group in 0..<groups {
          let p = probabilities(Array(scores[group * count..<(group + 1) * count]))
          let mean = zip(p, site.candidates).reduce(0) { $0 + $1.0 * Double($1.1) }
          sum += ratio * log(mean) + slope * shares[site.groups[group][0]] * mean
        }
      }
      return sum
    }

    let start = student.selectorParameters.map(Double.init)
    let expected = start.indices.map { index -> Float in
      var (ahead, behind) = (start, start)
      ahead[index] += 1e-5
      behind[index] -= 1e-5
      return Float((loss(ahead) - loss(behind)) / 2e-5)
    }
    for threads in [1, 3] {
      let response = try StudentExecutor(student, context: .init(threads: threads)).run(
        student, images: images,
        request: .init(
          imageObjectives: [
            // A loss of nothing, so that only costs have a gradient.
            SquaredDistance(
              target: Tensor(shape: [12, 4]), node: student.network.graph.output, weight: 0)
          ], parameterGradient: true),
        trainsSelector: true, budgetSlope: Float(slope), bitRatio: Float(ratio),
        selectorNoise: noise)
      #expect(relativeDistance(response.selectorGradient, expected) < 1e-4)
    }
  }

  /// Noise changes training's decisions and never those of evaluation; layers differ in one image.
  @Test func noiseIsForTrainingOnly() throws {
    var (student, images) = try student(DQNet(hidden: 0, point: 0))
    var stream = RandomStream(seed: 5)
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = 0.2 * stream.normal()
    }
    let executor = StudentExecutor(student, context: Self.context)
    func bits(_ noise: UInt64?, trains: Bool) throws -> [[Int]] {
      try executor.run(
        student, images: images, request: .init(outputs: [student.network.graph.output]),
        trainsSelector: trains, selectorNoise: noise
      ).bits
    }
    let plain = try bits(nil, trains: false)
    #expect(try bits(1, trains: false) == plain)
    #expect(try bits(1, trains: true) == bits(1, trains: true))
    #expect(try bits(1, trains: true) != bits(2, trains: true))
    #expect(plain.contains { Set($0.dropFirst()).count > 1 })
    // Outputs before the decision keep their most bits.
    #expect(plain.allSatisfy { $0[0] == 5 })
    // At first every layer has its most bits.
    let fresh = try self.student(DQNet(hidden: 0, point: 0)).0
    let start = try fresh.decisions(ofInputs: images, context: Self.context)
    #expect(start.filter { $0.bits.allSatisfy { $0 == 5 } }.count > 6)
  }

  /// Between 0 and 10 in eleven steps: a tenth lies below 1, nine tenths below 9.
  @Test func percentiles() {
    let values = (0...10).reversed().map(Double.init)
    #expect(Percentile.of(values, 0.1) == 1 && Percentile.of(values, 0.9) == 9)
    #expect(Percentile.of(values, 0.25) == 2.5 && Percentile.of([], 0.5) == 0)
    #expect(Percentile.of(values, 0) == 0 && Percentile.of(values, 1) == 10)
  }

  /// Bits are base + image + layer, cut off at the candidates; a price of a bit moves both thresholds.
  @Test(arguments: AdaBM.Complexity.allCases, [[3, 4, 5], [2, 3, 4, 5, 6]])
  func factors(complexity: AdaBM.Complexity, candidates: [Int]) throws {
    var (student, images) = try student(AdaBM(complexity: complexity), candidates: candidates)
    let unfitted = student.selectorParameters
    #expect(unfitted == [-1, 1] + [Float](repeating: 0, count: student.outputs.count))
    try student.fitSelector(on: images, context: Self.context)
    let found = student.selectorParameters
    let measured = try StudentEvaluator(student, context: Self.context).measurements(
      images, teacherLogits: nil)
    let features = measured.features[0]
    let c = (0..<images.rowCount).map { row in
      features.row(row).elements.reduce(0, +) / Float(features.shape[1])
    }
    // A tenth of twelve images lies between the second and the third.
    let sorted = c.sorted()
    #expect(abs(found[0] - (0.9 * sorted[1] + 0.1 * sorted[2])) < 1e-4)
    #expect(abs(found[1] - (0.1 * sorted[9] + 0.9 * sorted[10])) < 1e-4)
    // Three tenths of the layers at each end.
    let deviations = measured.outputDeviations
    let order = deviations.sorted()
    for (layer, deviation) in deviations.enumerated() {
      let expected: Float =
        deviation > Percentile.of(order, 0.7) ? 1 : deviation < Percentile.of(order, 0.3) ? -1 : 0
      #expect(found[2 + layer] == expected)
    }
    #expect(found.dropFirst(2).contains(1) && found.dropFirst(2).contains(-1))
    for price in [Float(0), 0.4] {
      student.bitPrice = price
      let decisions = try student.decisions(ofInputs: images, context: Self.context)
      for (image, decision) in decisions.enumerated() {
        // The lower threshold rises, too: an image pays for the bit that it keeps.
        let factor = c[image] < found[0] + price ? -1 : c[image] > found[1] + price ? 1 : 0
        for layer in student.outputs.indices {
          let place = candidates.count / 2 + factor + Int(found[2 + layer])
          #expect(
            decision.bits[layer] == candidates[min(max(place, 0), candidates.count - 1)])
        }
      }
    }
  }

  @Test func settingsAreChecked() throws {
    #expect(throws: QuantizationError.self) { try DQNet(temperature: -1).check() }
    #expect(throws: QuantizationError.self) { try DQNet(point: -1).check() }
    #expect(throws: QuantizationError.self) { try AdaBM(imagePercentiles: [0.9, 0.1]).check() }
    #expect(throws: QuantizationError.self) { try AdaBM(layerPercentiles: [0.5]).check() }
    #expect(throws: QuantizationError.self) { _ = try student(DQNet(point: 100)) }
  }
}
