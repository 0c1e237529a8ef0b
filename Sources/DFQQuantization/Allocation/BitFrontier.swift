public import DFQGraph

/// The bits of layers' weights that no other choice beats in both size and loss: the Pareto frontier of
/// ZeroQ's mixed precision (Cai et al., CVPR 2020).
///
/// The losses of single layers are added up, as if layers did not influence each other. Dynamic
/// programming adds one layer after the other to the frontier of those before, which is exact as long
/// as the frontier has no more points than its limit.
public struct BitFrontier: Sendable, Codable, Hashable {
  /// One choice of bits for all layers.
  public struct Point: Sendable, Codable, Hashable {
    /// The bits of each layer's weights, in the order of ``BitFrontier/layers``.
    public var bits: [Int]
    /// The bits of all weights together.
    public var size: Int
    /// The sum of the layers' sensitivities, in nats.
    public var loss: Double

    /// Makes a point.
    public init(bits: [Int], size: Int, loss: Double) {
      self.bits = bits
      self.size = size
      self.loss = loss
    }
  }

  /// The layers' names.
  public let layers: [String]
  /// The points by rising size and falling loss.
  public let points: [Point]

  /// Finds the frontier of the weights of a network.
  ///
  /// Layers without an entry, whose bits a rule decides, have no part in the size. With more than
  /// `limit` points between two layers only the best of each of `limit` equal stretches of size goes on.
  ///
  /// - Parameters:
  ///   - sensitivity: The measured losses; their bits are the candidates, {2, 4, 8} in ZeroQ.
  ///   - network: The network that was measured.
  ///   - limit: The most points, at least 1.
  /// - Throws: `NetworkError.noSuchLayer` for the sensitivities of another network, and
  ///   ``QuantizationError/noCandidates`` for a layer without bits.
  public init(_ sensitivity: BitSensitivity, network: Network, limit: Int = 2048) throws {
    layers = sensitivity.weights.map(\.name)
    var front = [AllocationProblem.Option(cost: 0, loss: 0, bits: [])]
    for entry in sensitivity.weights {
      guard !entry.bits.isEmpty, entry.bits.count == entry.losses.count else {
        throw QuantizationError.noCandidates
      }
      let node = try network.graph.position(of: entry.name)
      guard let weight = network.parameters.layout.entry(node: node, .weight) else {
        throw NetworkError.noSuchLayer(name: entry.name)
      }
      let count = Double(weight.range.count)
      let more = front.flatMap { option in
        entry.bits.indices.map { choice in
          AllocationProblem.Option(
            cost: option.cost + count * Double(entry.bits[choice]),
            loss: option.loss + entry.losses[choice], bits: option.bits + [entry.bits[choice]])
        }
      }
      front = BitFrontier.thinned(AllocationProblem.undominated(more), to: max(limit, 1))
    }
    points = front.map { Point(bits: $0.bits, size: Int($0.cost), loss: $0.loss) }
  }

  /// The point of least loss whose weights have at most `size` bits together; nil where even the
  /// smallest has more.
  public func point(sizeAtMost size: Int) -> Point? { points.last { $0.size <= size } }

  /// A point's bits by layer.
  public func choices(_ point: Point) -> [BitAllocation.Choice] {
    zip(layers, point.bits).map { .init(name: $0, bits: $1) }
  }

  /// The smallest option, and the best of each stretch of equal length.
  private static func thinned(
    _ front: [AllocationProblem.Option], to limit: Int
  ) -> [AllocationProblem.Option] {
    guard front.count > limit, let first = front.first, let last = front.last else { return front }
    let stretch = (last.cost - first.cost) / Double(limit)
    func place(_ option: AllocationProblem.Option) -> Int {
      min(Int((option.cost - first.cost) / stretch), limit - 1)
    }
    var result = [first]
    for (index, option) in front.enumerated().dropFirst()
    where index + 1 == front.count || place(front[index + 1]) != place(option) {
      result.append(option)
    }
    return result
  }
}

extension Quantizer {
  /// The quantizer with chosen bits of layers' weights as rules before its own.
  public func allocated(weights: [BitAllocation.Choice]) -> Quantizer {
    var result = self
    result.weightsFollowActivations = false
    result.overrides = weights.map { Override($0.name, weightBits: $0.bits) } + overrides
    return result
  }
}
