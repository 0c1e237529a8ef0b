import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

@Suite struct SimilarityTests {
  @Test func measuresByHand() throws {
    let network = try classifier([[3, 4], [4, 3], [-6, 8]])
    let product = try ClassSimilarity(network)
    #expect(product.values == [25, 24, 14, 24, 25, 0, 14, 0, 100])
    let cosine = try ClassSimilarity(network, measure: .cosine)
    #expect(abs(cosine[0, 1] - 0.96) < 1e-6)
    #expect(abs(cosine[0, 2] - 0.28) < 1e-6)
    // Around the mean (1/3, 5): (8/3, -1), (11/3, -2), (-19/3, 3).
    let centred = try ClassSimilarity(network, measure: .centredCosine)
    let expected = (88.0 / 9 + 2) / ((64.0 / 9 + 1) * (121.0 / 9 + 4)).squareRoot()
    #expect(abs(Double(centred[0, 1]) - expected) < 1e-6)
    #expect(centred[0, 2] < 0)
  }

  @Test func nearestInOrder() throws {
    let similarity = try ClassSimilarity(
      try classifier([[1, 0], [0, 1], [0, 1], [2, 0]]), measure: .dotProduct)
    #expect(similarity.nearest(to: 0) == [3, 1, 2])
    #expect(similarity.nearest(to: 0, count: 1) == [3])
    #expect(similarity.nearest(to: 0, count: -1) == [])
  }

  @Test func golden() throws {
    let network = try Goldens.resNet20()
    let golden = try Goldens.file("class_similarity")
    let product = try ClassSimilarity(network).values
    #expect(relativeDistance(product, try golden.tensor("dot").elements) < 1e-5)
    let cosine = try ClassSimilarity(network, measure: .cosine).values
    #expect(relativeDistance(cosine, try golden.tensor("cosine").elements) < 1e-5)
  }
}

@Suite struct DifficultyTests {
  @Test func byHand() {
    // p = (1/2, 1/4, 1/8, 1/8).
    let logits = [8, 4, 2, 2].map { Float(log(Double($0))) }
    let hard = Difficulty(logits: logits, label: [Float(0.5), 0.5, 0, 0])
    #expect(abs(hard.predictionEntropy - 1.75 / 2) < 1e-6)
    #expect(abs(hard.labelEntropy - 0.5) < 1e-6)
    #expect(abs(hard.gradientNorm - 0.25) < 1e-6)
    let oneHot = Difficulty(logits: logits, label: [Float(0), 1, 0, 0])
    #expect(abs(oneHot.gradientNorm - 0.75) < 1e-6)
    #expect(oneHot.labelEntropy == 0)
  }

  @Test func batchIsRowByRow() throws {
    let logits = Tensor(shape: [2, 3], elements: [1, 2, 3, 0, 0, 0])
    let labels = Tensor(shape: [2, 3], elements: [0, 0, 1, 0.5, 0.5, 0])
    let both = try Difficulty.of(logits: logits, labels: labels)
    #expect(both[1] == Difficulty(logits: [Float(0), 0, 0], label: [Float(0.5), 0.5, 0]))
    #expect(abs(both[1].predictionEntropy - 1) < 1e-6)
    #expect(abs(both[1].gradientNorm - 1.0 / 3) < 1e-6)
    for shape: Shape in [[2, 2], [3, 3], [6]] {
      #expect(throws: SynthesisError.self) {
        try Difficulty.of(logits: logits, labels: Tensor(shape: shape))
      }
    }
  }

  @Test func density() throws {
    // Bins of width 1/4: two norms in the first, one in the last (1 belongs to it).
    #expect(try Difficulty.gradientDensity([0, 0.2, 1], bins: 4) == [8, 8, 4])
    #expect(try Difficulty.gradientDensity([0.5]) == [30])
    #expect(throws: SynthesisError.self) { try Difficulty.gradientDensity([1.5]) }
    #expect(throws: SynthesisError.self) { try Difficulty.gradientDensity([.nan]) }
    #expect(throws: SynthesisError.self) { try Difficulty.gradientDensity([0.5], bins: 0) }
    #expect(throws: SynthesisError.self) { try Difficulty.gradientDensity([0.5], bins: .max) }
  }
}
