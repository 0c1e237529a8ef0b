extension QuantizedNetwork {
  /// BitOPs of one image with these activation bits at every output whose bits can be chosen, without
  /// a selector.
  ///
  /// An output that does not have the bits counts with the candidate that stands for them (see
  /// ``QuantizedOutput/candidate(for:)``).
  public func bitOPs(activationBits: Int) -> Double {
    costModel.cost(positions: plan.map.positions(for: activationBits))
  }

  /// BitOPs of one image with the given bits at each quantized output, without a selector.
  ///
  /// - Throws: ``QuantizationError/bitsCount(what:expected:found:)``, or
  ///   ``QuantizationError/notACandidate(bits:candidates:)`` for bits an output does not have.
  public func bitOPs(bits: [Int]) throws -> Double {
    costModel.cost(positions: try DecisionPlan.positions(bits, outputs: outputs))
  }

  /// Mean BitOPs of images whose outputs have these bits on average, without a selector: what a
  /// budget of so many bits allows.
  ///
  /// Images may have different candidates, so the mean of an output can be anything between its
  /// lowest and its highest candidate; the cost is linear between whole bits. Bits below or above
  /// every candidate count as if they were possible, so that a budget can be compared with
  /// ``cheapestBitOPs`` and ``dearestBitOPs``.
  public func bitOPs(meanActivationBits: Double) -> Double {
    let bounded = meanActivationBits.isFinite ? min(max(meanActivationBits, 1), 32) : 32
    let whole = bounded.rounded(.down)
    let dynamic = placement.points.filter(\.isDynamic).flatMap(\.bits)
    let isPossible = (dynamic.min() ?? 0)...(dynamic.max() ?? 0)
    func cost(_ bits: Int) -> Double {
      costModel.cost(
        placement.points.map { point in
          guard point.isDynamic else { return point.bits[0] }
          return isPossible ~= bits ? min(max(bits, point.bits[0]), point.bits.last!) : bits
        })
    }
    let lower = cost(Int(whole))
    let upper = cost(Int(whole) + 1)
    return lower + (upper - lower) * (bounded - whole)
  }

  /// BitOPs of an image at the fewest bits the selector can choose, the selector included.
  public var cheapestBitOPs: Double { decidedBitOPs(highest: false) }

  /// BitOPs of an image at the most bits the selector can choose, the selector and all passes
  /// included.
  public var dearestBitOPs: Double { decidedBitOPs(highest: true) }

  private func decidedBitOPs(highest: Bool) -> Double {
    guard plan.passes.isEmpty else {
      let passes = highest ? plan.passes : [plan.passes[0]]
      return passes.reduce(0) { $0 + costModel.cost(positions: $1) }
    }
    let bits = placement.points.indices.map { point in
      let own = placement.points[point].bits
      guard plan.map.site(of: point) != nil else { return own.last! }
      let decided = plan.map.candidates(of: point)
      return own[(highest ? decided.max() : decided.min())!]
    }
    return costModel.cost(bits) + selectorBitOPs
  }

  /// The bits of every quantized output, pass by pass, where a decider decides between passes; else
  /// empty.
  public var passBits: [[Int]] {
    plan.passes.map { positions in
      zip(placement.points, positions).map { $0.bits[Int($1)] }
    }
  }

  /// The MAC-weighted mean of activation bits, image by image.
  package func meanBits(_ bits: [[Int]]) -> [Double] {
    let model = costModel
    return bits.map { model.meanBits($0) }
  }

  /// Candidates for every image and point, drawn uniformly, for training that explores all of them:
  /// one draw for each point or, where bits are decided between passes, for each image.
  package func randomChoices(images: Int, draw: (Int) -> Int) -> [UInt8] {
    (0..<images).flatMap { _ in
      plan.passes.isEmpty
        ? placement.points.map { UInt8(draw($0.bits.count)) } : plan.passes[draw(plan.passes.count)]
    }
  }
}
