import DFQQuantization
import DFQTestSupport
import DynaDFQ
import Testing

/// ZeroQ's frontier of weights' bits.
@Suite struct FrontierTests {
  /// Sensitivities of a network's weights that fall with the bits.
  private func sensitivity(_ network: Network, seed: UInt64) -> BitSensitivity {
    var stream = RandomStream(seed: seed)
    return BitSensitivity(
      weights: network.graph.weighted.map { node in
        let first = Double(stream.uniform(0.1, 1))
        return .init(
          name: network.graph.nodes[node].name, bits: [2, 4, 8],
          losses: [first, first * Double(stream.uniform(0.1, 0.9)), 0.01])
      }, activations: [])
  }

  private func weights(_ network: Network) -> [Int] {
    network.graph.weighted.map {
      network.parameters.layout.entry(node: $0, .weight)!.range.count
    }
  }

  /// Against all combinations: no other point is smaller and better, and none is missing.
  @Test func bruteForce() throws {
    let network = try Network.tinyResNet()
    let counts = weights(network)
    // Few layers: three to their power are all combinations.
    let layers = min(counts.count, 7)
    for seed: UInt64 in 0..<5 {
      var sensitivity = sensitivity(network, seed: seed)
      sensitivity.weights.removeLast(sensitivity.weights.count - layers)
      let frontier = try BitFrontier(sensitivity, network: network)
      #expect(frontier.layers == sensitivity.weights.map(\.name))
      var all: [(size: Int, loss: Double)] = []
      var combinations = 1
      for _ in 0..<layers { combinations *= 3 }
      for code in 0..<combinations {
        var (rest, size, loss) = (code, 0, 0.0)
        for layer in 0..<layers {
          size += counts[layer] * [2, 4, 8][rest % 3]
          loss += sensitivity.weights[layer].losses[rest % 3]
          rest /= 3
        }
        all.append((size, loss))
      }
      for (first, second) in zip(frontier.points, frontier.points.dropFirst()) {
        #expect(first.size < second.size && first.loss > second.loss)
      }
      for target in [all.map(\.size).min()!, 5000, 20_000, 100_000, all.map(\.size).max()!] {
        let best = all.filter { $0.size <= target }.map(\.loss).min() ?? .infinity
        let found = frontier.point(sizeAtMost: target)?.loss ?? .infinity
        #expect(found == best || abs(found - best) < 1e-9)
      }
      for point in frontier.points {
        #expect(point.size == zip(counts, point.bits).reduce(0) { $0 + $1.0 * $1.1 })
      }
    }
  }

  /// With few points the ends stay, and the others are never better than all.
  @Test func limit() throws {
    let network = try Network.tinyResNet()
    let sensitivity = sensitivity(network, seed: 9)
    let all = try BitFrontier(sensitivity, network: network)
    let few = try BitFrontier(sensitivity, network: network, limit: 8)
    #expect(few.points.count <= 9 && few.points.first?.size == all.points.first?.size)
    #expect(few.points.last?.loss == all.points.last?.loss)
    for point in few.points {
      #expect(all.point(sizeAtMost: point.size)!.loss <= point.loss + 1e-12)
    }
    #expect(all.point(sizeAtMost: all.points[0].size - 1) == nil)
  }

  /// A point is a quantizer whose student has its bits.
  @Test func inANetwork() throws {
    let network = try Network.tinyResNet()
    let sensitivity = sensitivity(network, seed: 3)
    let frontier = try BitFrontier(sensitivity, network: network)
    let point = frontier.points[frontier.points.count / 2]
    let quantizer = Quantizer(weightBits: 3, activationBits: [4]).allocated(
      weights: frontier.choices(point))
    let student = try QuantizedNetwork(network: network, quantizer: quantizer)
    let bits = student.placement.layers.map(\.bits)
    #expect(bits == point.bits.map { $0 })
    var other = sensitivity
    other.weights[0].name = "elsewhere"
    #expect(throws: NetworkError.self) { try BitFrontier(other, network: network) }
    other = sensitivity
    other.weights[0].bits = []
    #expect(throws: QuantizationError.self) { try BitFrontier(other, network: network) }
  }
}
