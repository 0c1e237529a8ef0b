import DFQSynthesis
import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Losses on pixels: priors, correlations, textures, other networks.
@Suite struct PixelObjectiveTests {
  private func loss(_ objective: some PixelObjective, _ images: Tensor) throws -> Double {
    try objective.evaluate(images: images, context: .default).loss
  }

  /// 1 2 over 4 8: the norms of the differences (1, 4), (3, 6), 2 and 7.
  @Test func totalVariationByHand() throws {
    let images = Tensor(shape: [1, 2, 2, 1], elements: [1, 2, 4, 8])
    let expected = 17.0.squareRoot() + 45.0.squareRoot() + 2 + 7
    let found = TotalVariation(weight: 3).evaluate(images: images, context: .default)
    #expect(abs(found.loss - expected) < 1e-6)
    // The first pixel: -1/sqrt 17 of the rows, -3/sqrt 45 of the columns, -1 of the diagonal.
    let first = -1 / 17.0.squareRoot() - 3 / 45.0.squareRoot() - 1
    #expect(abs(Double(found.gradient[0]) - first) < 1e-6)
    // A constant image has neither loss nor gradient.
    let flat = TotalVariation(weight: 1).evaluate(
      images: Tensor(shape: [2, 3, 3, 2], repeating: 5), context: .default)
    #expect(flat.loss == 0 && flat.gradient.elements.allSatisfy { $0 == 0 })
  }

  /// Rolled by one row and column it is the loss of the rolled image.
  @Test func totalVariationRolls() throws {
    var stream = RandomStream(seed: 1)
    let images = stream.tensor([1, 3, 4, 1])
    var rolled = images
    for y in 0..<3 {
      for x in 0..<4 { rolled[(y + 1) % 3 * 4 + (x + 1) % 4] = images[y * 4 + x] }
    }
    let plain = try loss(TotalVariation(weight: 1), rolled)
    for offset in [1, -11, 13] {
      #expect(abs(try loss(TotalVariation(weight: 1, offset: offset), images) - plain) < 1e-6)
    }
    #expect(abs(try loss(TotalVariation(weight: 1), images) - plain) > 1e-3)
  }

  @Test func totalVariationDifferences() throws {
    var stream = RandomStream(seed: 2)
    for offset in [0, 2] {
      try checkGradient(
        of: TotalVariation(weight: 1, offset: offset), at: stream.tensor([3, 5, 4, 2]))
    }
  }

  /// (3, 4) and (0, 0): 5 and 0.
  @Test func imageNorm() throws {
    let found = ImageNorm(weight: 1).evaluate(
      images: Tensor(shape: [2, 1, 2, 1], elements: [3, 4, 0, 0]), context: .default)
    #expect(found.loss == 2.5)
    #expect(largestDifference(found.gradient.elements, [0.3, 0.4, 0, 0]) < 1e-7)
    var stream = RandomStream(seed: 3)
    try checkGradient(of: ImageNorm(weight: 1), at: stream.tensor([3, 2, 2, 2]))
  }

  /// Two images of cosine c have the eigenvalues 1 - c and 1 + c, with the vectors (1, -1) and (1, 1).
  ///
  /// The noise has c = 0.6. Images with 0.8 have the same vectors, those with -0.8 exchange them.
  @Test func sampleCorrelationByHand() throws {
    let noise = Tensor(shape: [2, 1, 2, 1], elements: [1, 0, 3, 4])
    let alike = Tensor(shape: [2, 1, 2, 1], elements: [2, 0, 4, 3])
    let opposite = Tensor(shape: [2, 1, 2, 1], elements: [2, 0, -4, 3])
    func value(_ source: MethodSource, _ images: Tensor) throws -> Double {
      try loss(SampleCorrelation(noise: noise, source: source, magnitudeWeight: 0.5), images)
    }
    // Eigenvalues 0.2 and 1.8 against 0.4 and 1.6.
    let magnitude = 0.5 * 0.04
    #expect(abs(try value(.published, alike) - (magnitude - 1)) < 1e-5)
    #expect(abs(try value(.officialCode, alike) - (magnitude + 1)) < 1e-5)
    #expect(abs(try value(.published, opposite) - magnitude) < 1e-5)
    #expect(abs(try value(.officialCode, opposite) - magnitude) < 1e-5)
    #expect(throws: SynthesisError.self) {
      try value(.published, Tensor(shape: [1, 1, 2, 1], elements: [1, 1]))
    }
    #expect(throws: LinearAlgebraError.self) {
      try SampleCorrelation(noise: Tensor(shape: [2, 1, 1, 1], elements: [.nan, 1]))
    }
  }

  @Test(arguments: MethodSource.allCases)
  func sampleCorrelationDifferences(source: MethodSource) throws {
    var stream = RandomStream(seed: 4)
    let noise = stream.tensor([5, 4, 4, 3])
    let images = stream.tensor([5, 4, 4, 3])
    // Both terms alone count: with a large magnitude, and with none.
    for magnitudeWeight in [0, 10] as [Double] {
      try checkGradient(
        of: SampleCorrelation(
          noise: noise, source: source, magnitudeWeight: magnitudeWeight), at: images,
        step: 3e-3, tolerance: 1e-2)
    }
  }

  /// One image has one eigenvalue, and images without any light have no direction.
  @Test func sampleCorrelationLimits() throws {
    for shape in [[1, 2, 2, 1], [3, 2, 2, 1]] as [Shape] {
      var stream = RandomStream(seed: 5)
      let objective = try SampleCorrelation(noise: stream.tensor(shape))
      let found = try objective.evaluate(images: Tensor(shape: shape), context: .default)
      #expect(found.loss.isFinite && found.gradient.isFinite)
    }
  }

  /// Rows E5 and columns S5: its products are 10 with E5 and -6 with W5 along rows, and 10, 6 and 10
  /// with L5, S5 and R5 down columns; all others are 0.
  @Test func textureByHand() {
    let (along, down): ([Float], [Float]) = ([-1, -2, 0, 2, 1], [-1, 0, 2, 0, -1])
    let image = Tensor(
      shape: [1, 5, 5, 1], elements: down.flatMap { y in along.map { $0 * y } })
    let energies: [String: Double] = [
      "LE": 5000, "LW": 1800, "ES": 1800, "ER": 5000, "SW": 648, "WR": 1800,
    ]
    let names = TextureEnergy.pairs.map { String("LESWR"[$0.0]) + String("LESWR"[$0.1]) }
    #expect(names.count == 14 && !names.contains("LL"))
    for (name, share) in zip(names, TextureEnergy.shares(of: image)[0]) {
      #expect(abs(share - (energies[name] ?? 0) / 16048) < 1e-6, "\(name)")
    }
  }

  /// Every frequency alike, the energy of a filter is the product of its vectors' squares: 70, 10, 6, 10
  /// and 70 (Parseval), because only L5 L5 sees the mean.
  @Test func whiteTexture() throws {
    let squares: [Double] = [70, 10, 6, 10, 70]
    let energies = TextureEnergy.pairs.map { squares[$0.0] * squares[$0.1] }
    let total = energies.reduce(0, +)
    let shares = TextureEnergy(spectrumExponent: 0).shares
    for (share, energy) in zip(shares, energies) {
      #expect(abs(share - energy / total) < 1e-9)
    }
    // Measured on noise it is nearly that, and far from natural images.
    var stream = RandomStream(seed: 6)
    let noise = stream.tensor([8, 32, 32, 1])
    func loss(_ exponent: Float) throws -> Double {
      try TextureEnergy(spectrumExponent: exponent).evaluate(
        images: noise, context: .default
      ).loss
    }
    #expect(try loss(0) < 0.01)
    #expect(try loss(2) > 0.2)
  }

  /// The loss is no function of contrast and brightness, and its bits none of the number of threads.
  @Test func textureInvariances() throws {
    var stream = RandomStream(seed: 7)
    let images = stream.tensor([5, 9, 8, 3])
    let objective = TextureEnergy()
    let bright = Tensor(shape: images.shape, elements: images.elements.map { 3 * $0 + 2 })
    #expect(abs(try loss(objective, images) - loss(objective, bright)) < 1e-4)
    let one = try objective.evaluate(images: images, context: .init(threads: 1))
    let two = try objective.evaluate(images: images, context: .init(threads: 2))
    #expect(one.loss == two.loss && one.gradient == two.gradient)
    let flat = try objective.evaluate(
      images: Tensor(shape: [1, 6, 6, 1], repeating: 1), context: .default)
    #expect(flat.loss.isFinite && flat.gradient.isFinite)
    #expect(throws: SynthesisError.self) {
      try objective.evaluate(images: Tensor(shape: [1, 4, 9, 1]), context: .default)
    }
  }

  @Test func textureDifferences() throws {
    var stream = RandomStream(seed: 9)
    for shape in [[2, 7, 9, 3], [1, 5, 5, 1]] as [Shape] {
      try checkGradient(of: TextureEnergy(), at: stream.tensor(shape), step: 2e-3, tolerance: 1e-2)
    }
  }

  /// Another network's losses are those of its executor at its own inputs.
  @Test func otherNetworks() throws {
    let first = try tinyNetwork()
    let other = try tinyNetwork(seed: 2)
    let second = try Network(
      graph: other.graph, parameters: other.parameters,
      preprocessing: Preprocessing(
        mean: [0.1, 0.2, 0.3], standardDeviation: [0.5, 0.25, 2]))
    var stream = RandomStream(seed: 10)
    let images = stream.tensor([3, 12, 12, 3])
    let own = first.preprocessing
    var converted = images
    for place in 0..<images.count {
      let c = place % 3
      let pixel = images[place] * own.standardDeviation[c] + own.mean[c]
      converted[place] =
        (pixel - second.preprocessing.mean[c]) / second.preprocessing.standardDeviation[c]
    }
    let labels: [any ImageObjective] = [
      CrossEntropy(
        labels: try .oneHot([0, 1, 3], classCount: 4), node: second.graph.output, weight: 2)
    ]
    let moments = try second.batchNormStatistics(weight: 3)
    let objective = try NetworkObjectives(
      second, inputsOf: first, images: labels, moments: moments, name: "second")
    let found = try objective.evaluate(images: images, context: .default)
    let expected = try FloatExecutor(second).run(
      converted,
      request: PassRequest(
        imageObjectives: labels, momentObjectives: moments, imageGradient: true))
    #expect(abs(found.loss - expected.totalLoss) < 1e-4 * expected.totalLoss)
    let gradient = expected.imageGradient!.elements.enumerated().map { place, value in
      value * own.standardDeviation[place % 3]
        / second.preprocessing.standardDeviation[place % 3]
    }
    #expect(relativeDistance(found.gradient.elements, gradient) < 1e-3)
    #expect(throws: NetworkError.self) {
      try NetworkObjectives(classifier([[1, 2], [3, 4]]), inputsOf: first)
    }
  }
}

extension String {
  fileprivate subscript(place: Int) -> Character { Array(self)[place] }
}

/// MixMix's data mixing.
@Suite struct DataMixingTests {
  @Test(arguments: 0..<6)
  func transposeIsTheAdjoint(seed: UInt64) throws {
    var stream = RandomStream(seed: seed, "mixing")
    let shape: Shape = [5, 13, 9, 3]
    let (x, y) = (stream.tensor(shape), stream.tensor(shape))
    let mixing = try DataMixing(batch: shape, stream: &stream)
    let left = dot(try mixing.apply(x).elements, y.elements)
    let right = dot(x.elements, try mixing.pullback(y, images: x).elements)
    #expect(abs(left - right) < 1e-4 * max(abs(left), 1))
  }

  /// Constant images: each has its own value outside of the box and its partner's inside, in shares that
  /// labels have too.
  @Test func constants() throws {
    var stream = RandomStream(seed: 2, "mixing")
    let shape: Shape = [6, 8, 8, 2]
    let mixing = try DataMixing(batch: shape, stream: &stream)
    #expect(mixing.partners.sorted() == Array(0..<6))
    let images = Tensor(
      shape: shape, elements: (0..<shape.count).map { Float($0 / 128) })
    let mixed = try mixing.apply(images)
    let labels = mixing.labels(
      try .oneHot(Array(0..<6), classCount: 6), shares: mixing.shares)
    for image in 0..<6 {
      let values = mixed.row(image).elements
      let (own, partner) = (Float(image), Float(mixing.partners[image]))
      #expect(values.allSatisfy { abs($0 - own) < 1e-5 || abs($0 - partner) < 1e-5 })
      guard own != partner else { continue }
      let share = Float(values.count { abs($0 - partner) < 1e-5 }) / 128
      #expect(abs(share - mixing.shares[image]) < 1e-6)
      #expect((0.0625...0.5625).contains(share))
      #expect(labels[image * 6 + image] == 1 - share)
      #expect(labels[image * 6 + mixing.partners[image]] == share)
    }
    #expect(throws: SynthesisError.self) { try mixing.apply(images.rows(0..<2)) }
    #expect(throws: SynthesisError.self) {
      try DataMixing(batch: shape, sides: 0...2, stream: &stream)
    }
    #expect(throws: SynthesisError.self) { try DataMixing(batch: [3], stream: &stream) }
  }

  /// The whole of the partner is in the box: with a box of the image's size it is the partner itself, and
  /// halved, a ramp stays a ramp with the middle of each pair.
  @Test func wholeImages() throws {
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([4, 6, 5, 2])
    let whole = try DataMixing(batch: images.shape, sides: 1...1, stream: &stream)
    #expect(
      largestDifference(
        try whole.apply(images).elements, images.rows(at: whole.partners).elements) < 1e-6)
    let ramp = Tensor(shape: [1, 4, 4, 1], elements: (0..<16).map { Float($0 % 4) })
    let half = try DataMixing(batch: ramp.shape, sides: 0.5...0.5, stream: &stream)
    let values = try half.apply(ramp).elements
    #expect(values.count { abs($0 - 0.5) < 1e-6 } == 2)
    #expect(values.count { abs($0 - 2.5) < 1e-6 } == 2)
  }
}
