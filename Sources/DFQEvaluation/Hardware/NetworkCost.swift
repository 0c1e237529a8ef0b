import Foundation

/// What a student or a cascade costs on some hardware at a batch size.
public struct NetworkCost: Sendable, Codable, Hashable {
  /// The hardware's name.
  public let hardware: String
  /// The number of images that are computed together.
  public let batch: Int
  /// Whether all weights stay on the chip between batches, so that DRAM is not asked for them.
  public let isResident: Bool
  /// All layers and decisions of all passes, in order.
  public let layers: [LayerCost]
  /// The sum over ``layers``: the expected total of a batch.
  public let total: LayerCost
  /// The share of the multipliers' time in arithmetic that does useful work.
  public let utilization: Double

  /// Seconds of a batch of which every image takes every pass: what a deadline has to allow for.
  public let longestLatency: Double

  /// Expected seconds from the first image of a batch to its last answer.
  public var latency: Double { total.seconds }
  /// Joules of an image, nil where the model has no energy.
  public var energyPerImage: Double? { total.energy.map { $0 / Double(batch) } }
  /// Seconds of an image, as its part of a batch.
  public var secondsPerImage: Double { total.seconds / Double(batch) }
  /// Mean BitOPs of an image.
  public var bitOPsPerImage: Double { total.bitOPs / Double(batch) }
  /// What moves for an image, as its part of a batch.
  public var trafficPerImage: Traffic {
    var traffic = Traffic()
    traffic.add(total.traffic, times: 1 / Double(batch))
    return traffic
  }

  /// The cost of passes over a batch, each with its share of the images.
  ///
  /// Whether an image takes a pass is independent of the other images: the number that do is binomial,
  /// and the cost is its mean. At least one image brings the pass's weights in, however few there are.
  init(_ passes: [HardwarePass], on model: HardwareModel, batch: Int) {
    let batch = max(batch, 1)
    var sets: [Int: Double] = [:]
    for pass in passes {
      sets[pass.weightSet, default: 0] = max(sets[pass.weightSet] ?? 0, pass.weightBytes(on: model))
    }
    let weights = sets.values.reduce(0, +)
    let largest =
      passes.flatMap(\.layers).map {
        $0.liveBytes(on: model) + $0.waitingBytes(on: model)
      }.max() ?? 0
    let resident = weights + largest <= Double(model.cacheBytes) ? weights : nil
    var layers: [LayerCost] = []
    var longest = 0.0
    for (index, pass) in passes.enumerated() {
      var expected: [LayerCost] = []
      for (images, probability) in NetworkCost.binomial(batch, share: pass.share) where images > 0 {
        let costs = pass.costs(index, images: images, on: model, resident: resident)
        if expected.isEmpty {
          expected = costs.map { LayerCost(name: $0.name, pass: index, isSelector: $0.isSelector) }
        }
        for layer in costs.indices { expected[layer].add(costs[layer], times: probability) }
      }
      layers += expected
      longest += pass.costs(index, images: batch, on: model, resident: resident)
        .reduce(0) { $0 + $1.seconds }
    }
    var total = LayerCost(name: "total", pass: 0, isSelector: false)
    for layer in layers { total.add(layer) }
    hardware = model.name
    self.batch = batch
    isResident = resident != nil
    self.layers = layers
    self.total = total
    longestLatency = longest
    let peak = total.computeSeconds * model.frequency * model.peakBitProducts
    var useful = total.bitProducts
    if case .bytes(let floatCost) = model.arithmetic {
      // A product in float32 takes its lanes for longer; that is not idleness.
      useful = layers.reduce(0) { sum, layer in
        sum + (layer.bitProducts > 64 * layer.macs ? floatCost : 1) * 64 * layer.macs
      }
    }
    utilization = peak > 0 ? min(useful / peak, 1) : 0
  }

  /// The numbers of images out of `count` that an independent share takes, with their probabilities;
  /// those below 1e-12 are left out.
  package static func binomial(_ count: Int, share: Double) -> [(images: Int, probability: Double)]
  {
    if share >= 1 { return [(count, 1)] }
    guard share > 0 else { return [(0, 1)] }
    var ways = 0.0
    return (0...count).compactMap { images in
      if images > 0 { ways += log(Double(count - images + 1)) - log(Double(images)) }
      let probability = exp(
        ways + Double(images) * log(share) + Double(count - images) * log(1 - share))
      return probability > 1e-12 ? (images, probability) : nil
    }
  }
}

extension HardwarePass {
  /// What each layer and each decision costs for a number of images.
  func costs(
    _ pass: Int, images: Int, on model: HardwareModel, resident: Double?
  ) -> [LayerCost] {
    let plan = OnChipPlan(self, images: images, model: model, resident: resident)
    let (count, sweeps) = (Double(images), Double(plan.sweeps))
    let inGroup = count / sweeps
    var costs: [LayerCost] = []
    for (index, layer) in layers.enumerated() {
      var cost = LayerCost(name: layer.name, pass: pass, isSelector: false)
      cost.macs = count * Double(layer.macs)
      cost.bitOPs = count * layer.bitOPs
      cost.bitProducts = layer.choices.reduce(0) {
        $0 + count * $1.share * model.bitProducts(layer, $1)
      }
      // Each width's weights are read by the groups that have an image of this width.
      let weights = layer.weightWidths.shares.sorted { $0.key < $1.key }.reduce(0.0) { sum, width in
        let isRead = 1 - power(1 - width.value, inGroup)
        return sum + sweeps * isRead * layer.weightBytes(width.key, on: model)
      }
      let activations = count * layer.activationBytes(on: model)
      let external = layer.external.reduce(0) { $0 + count * $1.bytes(on: model) }
      cost.traffic.cacheWeights = weights
      cost.traffic.cacheActivations = activations
      // Written as it is computed, read again once its width is known.
      let waiting = 2 * count * layer.waitingBytes(on: model)
      cost.traffic.cacheSelector = waiting
      cost.traffic.memorySelector = plan.spills[index] ? waiting : 0
      cost.traffic.memoryWeights = resident == nil ? weights : 0
      cost.traffic.memoryActivations = external + (plan.spills[index] ? activations : 0)
      cost.complete(
        on: model,
        cycles: layer.choices.reduce(0) { $0 + count * $1.share * model.cycles(layer, $1) },
        stalls: sweeps * layer.widths(among: inGroup))
      costs.append(cost)
      for selector in selectors where selector.layer == index {
        costs.append(
          self.cost(
            of: selector, pass, images: count, sweeps: sweeps, on: model, resident: resident))
      }
    }
    return costs
  }

  /// A decision waits for the last value of its map, so it stalls a group as a layer does.
  private func cost(
    of selector: SelectorWork, _ pass: Int, images: Double, sweeps: Double,
    on model: HardwareModel, resident: Double?
  ) -> LayerCost {
    var cost = LayerCost(name: selector.name, pass: pass, isSelector: true)
    cost.macs = images * Double(selector.featureMACs + selector.scoreMACs)
    cost.bitOPs = images * selector.bitOPs
    cost.bitProducts = images * model.bitProducts(selector)
    let parameters = sweeps * selector.parameterBytes
    cost.traffic.memorySelector = resident == nil ? parameters : 0
    cost.traffic.cacheSelector = parameters + images * Double(selector.samples)
    cost.complete(on: model, cycles: images * model.cycles(selector), stalls: sweeps)
    return cost
  }
}

/// `base` to the power of a number that need not be whole.
func power(_ base: Double, _ exponent: Double) -> Double { pow(max(base, 0), exponent) }
