import DFQEngine
import DFQQuantization
import DFQTestSupport
import DynaDFQ
import Testing

/// Selectors that are fitted to measured sensitivities.
@Suite struct SensitivitySelectorTests {
  /// y = 1 + 2 x over x = -1, 0, 1: the mean of x squared is 2/3, so the slope is
  /// (4/3) / (2/3 + ridge) and the intercept the mean 1.
  @Test func ridgeByHand() {
    let x = Tensor(shape: [3, 1], elements: [-1, 0, 1])
    let exact = RidgeRegression(ridge: 1e-9).fit(x, to: [-1, 1, 3])
    #expect(abs(exact[0] - 1) < 1e-6 && abs(exact[1] - 2) < 1e-6)
    let shrunk = RidgeRegression(ridge: 2.0 / 3).fit(x, to: [-1, 1, 3])
    #expect(abs(shrunk[0] - 1) < 1e-6 && abs(shrunk[1] - 1) < 1e-6)
  }

  /// Two features, not centred, and targets that are a linear map of them.
  @Test func ridgeFindsAMap() {
    var stream = RandomStream(seed: 3)
    let x = stream.tensor([50, 4])
    let map: [Double] = [0.5, -1, 2, 0]
    let targets = (0..<50).map { row in
      3 + zip(map, x.row(row).elements).reduce(0) { $0 + $1.0 * Double($1.1 + 7) }
    }
    let found = RidgeRegression(ridge: 1e-8).fit(x, to: targets)
    for (found, expected) in zip(found.dropFirst(), map) {
      #expect(abs(Double(found) - expected) < 1e-4)
    }
    #expect(abs(Double(found[0]) - 3 - 7 * 1.5) < 1e-4)
  }

  /// KL((1/2, 1/2) || (1/4, 3/4)).
  @Test func divergenceByHand() {
    let uniform = Softmax([0, 0] as [Float])
    let other = Softmax([0, 1.0986123] as [Float])
    #expect(abs(uniform.divergence(of: other) - (0.5 * 0.6931472 - 0.5 * 0.4054651)) < 1e-6)
    #expect(uniform.divergence(of: uniform) == 0)
  }

  @Test(arguments: BitSelector.Granularity.allCases)
  func inAStudent(granularity: BitSelector.Granularity) throws {
    let images = SyntheticImages.random(60)
    let trainer = DynamicTrainer(
      teacher: try .tinyResNet(),
      quantizer: Quantizer(weightBits: 4, activationBits: [2, 4, 6]),
      selector: BitSelector(SensitivitySelector(granularity)),
      configuration: .init(budget: 4.5, steps: 3, imagesPerStep: 16, holdOut: 0, seed: 4),
      context: .init(threads: 2))
    let student = try trainer.train(on: images)
    let decisions = try student.decisions(ofInputs: images.images)
    let mean = decisions.reduce(0) { $0 + $1.bitOPs } / Double(decisions.count)
    #expect(mean <= student.bitOPs(meanActivationBits: 4.5))
    // Images differ in their bits.
    #expect(Set(decisions.map(\.bitOPs)).count > 1)
    let again = try QuantizedNetwork(student.file(), path: "student")
    #expect(try again.file().encoded() == student.file().encoded())
    #expect(again.selector == student.selector)
  }

  @Test func settingsAreChecked() throws {
    for bad in [SensitivitySelector(.perImage, ridge: 0), .init(.perLayer, positions: 0)] {
      #expect(throws: QuantizationError.self) { try bad.check() }
    }
  }
}
