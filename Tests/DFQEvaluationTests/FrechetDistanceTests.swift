import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

@Suite struct FrechetDistanceTests {
  /// Axis-aligned cloud: +-a on the first axis, +-b on the second, shifted.
  private func cloud(_ a: Float, _ b: Float, _ shift: Float) -> Tensor {
    Tensor(
      shape: [4, 2], elements: [a + shift, 0, -a + shift, 0, shift, b, shift, -b])
  }

  @Test func diagonalByHand() throws {
    // Variances 2 a^2 / 3 and 2 b^2 / 3, so the distance is shift^2 + 2/3 ((a-a')^2 + (b-b')^2).
    let distance = try FrechetDistance.between(cloud(1, 2, 0), cloud(3, 5, 0.5))
    #expect(abs(distance - (0.25 + 2.0 / 3 * (4 + 9))) < 1e-6)
    #expect(abs(try FrechetDistance.between(cloud(1, 2, 0), cloud(1, 2, 0))) < 1e-9)
  }

  @Test func rejectsMisfits() {
    #expect(throws: LinearAlgebraError.self) {
      try FrechetDistance.between(Tensor(shape: [4, 2]), Tensor(shape: [4, 3]))
    }
    #expect(throws: (any Error).self) {
      try FrechetDistance.between(cloud(1, .nan, 0), cloud(1, 1, 0))
    }
  }

  @Test func features() throws {
    let network = try Network.random(
      Architecture(
        .cifarResNet(depth: 8, projection: false), imageShape: [12, 12, 3], classCount: 4
      ).network(seed: 1).graph)
    var stream = RandomStream(seed: 1, "images")
    let images = stream.tensor([5, 12, 12, 3])
    let features = try FrechetDistance.features(of: images, in: network)
    #expect(features.shape == [5, 64])
    // The classifier applied to them gives the logits.
    let logits = try FloatExecutor(network).logits(ofInputs: images)
    let (_, weight, bias) = try network.classifier()
    for image in 0..<5 {
      for k in 0..<4 {
        let sum = (0..<64).reduce(bias[k]) { $0 + features[image * 64 + $1] * weight[$1 * 4 + k] }
        #expect(abs(sum - logits[image * 4 + k]) < 1e-4)
      }
    }
  }
}
