import DFQTestSupport
import DynaDFQ
import Foundation

/// The function whose gradient a dynamic student's backward pass claims to compute, in double
/// precision: values of the chosen candidates, changes of the mixture of all candidates, rounding
/// errors and features frozen.
///
/// For the network relu, 1x1 convolution, leaky relu, 1x1 convolution, relu, mean, linear on images 3 x
/// 3 x 2 with unquantized weights.
final class SelectorSurrogate {
  /// What can be moved.
  struct Variables {
    var images: [Double]
    var parameters: [Double]
    var selector: [Double]
    /// By point and candidate.
    var logSteps: [[Double]]
  }

  /// What one point kept of the first evaluation: by element and candidate.
  private struct Frozen {
    var rounding: [[Double]]
    var chosen: [Double]
    var mixture: [Double]
  }

  static func network() throws -> Network {
    var b = GraphBuilder(input: [3, 3, 2])
    var x = try b.add("relu", .activation(.relu), b.input)
    x = try b.add("conv", .convolution(.init(outputChannels: 3, kernel: 1, bias: true)), x)
    x = try b.add("leaky", .activation(.leakyReLU(negativeSlope: 0.25)), x)
    x = try b.add("conv2", .convolution(.init(outputChannels: 2, kernel: 1, bias: true)), x)
    x = try b.add("relu2", .activation(.relu), x)
    try b.add("fc", .linear(outputs: 3, bias: true), try b.add("mean", .globalAveragePool, x))
    return Network.random(b.build(), seed: 3)
  }

  /// Unquantized weights; the values' own candidates where `bits` gives them.
  static func quantizer(bits: [String: [Int]] = [:]) -> Quantizer {
    let names = ["relu", "leaky", "relu2"]
    let values = names.map { Quantizer.Override($0, activationBits: bits[$0] ?? [2, 3, 4]) }
    let weights = ["conv", "conv2", "fc"].map { Quantizer.Override($0, ignored: true) }
    return Quantizer(weightBits: 4, activationBits: [2, 3, 4], overrides: values + weights)
  }

  let student: QuantizedNetwork
  let batch: Int
  let target: Tensor
  let slope: Double
  private(set) var choices: [[Int]] = []
  private var frozen: [Frozen?] = [nil, nil, nil]
  private var features: [Int: [[Double]]] = [:]
  private let channels = [2, 3, 2]
  private var hidden = 0
  private var kinds: [ChannelStatistic] = []
  private var imageKinds: [ImageStatistic] = []
  private var sites: [Site] = []

  /// Where decisions are taken, in the order of their parameters.
  private struct Site {
    let point: Int
    /// Whether from the codes of the point's value.
    var isRounded = false
    /// The points of each decision.
    let groups: [[Int]]
    let candidates: [Int]
    /// Whether a bit costs the mean of what it costs at all points, and not a point's own share.
    var isShared = false
  }

  init(_ student: QuantizedNetwork, batch: Int, target: Tensor, slope: Double) {
    self.student = student
    self.batch = batch
    self.target = target
    self.slope = slope
    choices = .init(repeating: [0, 0, 0], count: batch)
    let dynamic = (0..<3).filter { bits($0).count > 1 }
    func own(_ point: Int) -> Site {
      Site(point: point, groups: [[point]], candidates: bits(point))
    }
    switch student.selector!.decider {
    case let selector as PerImageSelector:
      (hidden, kinds) = (selector.hidden, selector.features)
      let point = selector.point ?? 0
      sites = [
        Site(
          point: point, groups: [dynamic.filter { $0 > point }],
          candidates: student.quantizer.activationBits, isShared: true)
      ]
    case let selector as CADyQ:
      (hidden, kinds, imageKinds) = (selector.hidden, selector.features, selector.image)
      sites = dynamic.map(own)
    case let selector as LayerInputSelector:
      (hidden, kinds) = (selector.hidden, selector.features)
      let start = dynamic.filter { $0 - dynamic[0] <= selector.distance }
      sites =
        [
          Site(
            point: dynamic[0], groups: start.map { [$0] },
            candidates: Set(start.flatMap(bits)).sorted())
        ]
        + dynamic.dropFirst(start.count).map {
          Site(
            point: $0 - selector.distance, isRounded: true, groups: [[$0]], candidates: bits($0))
        }
    case let selector as PerLayerSelector:
      (hidden, kinds) = (selector.hidden, selector.features)
      sites = dynamic.map(own)
    default: fatalError("a selector without a surrogate")
    }
  }

  private func bits(_ point: Int) -> [Int] { student.placement.points[point].bits }

  /// The site and group that decide about a point, nil where its bits stay at the highest.
  private func decider(_ point: Int) -> (site: Int, group: Int)? {
    for (index, site) in sites.enumerated() {
      if let group = site.groups.firstIndex(where: { $0.contains(point) }) { return (index, group) }
    }
    return nil
  }

  /// The own candidate for each of the decision's: its bits, the next more, or the most.
  private func map(_ point: Int, _ site: Int) -> [Int] {
    sites[site].candidates.map { wanted in
      bits(point).indices.first { bits(point)[$0] >= wanted } ?? bits(point).count - 1
    }
  }

  private func featureCount(_ site: Int) -> Int {
    kinds.count * channels[sites[site].point] + imageKinds.count
  }

  private func scoreCount(_ site: Int) -> Int {
    sites[site].groups.count * sites[site].candidates.count
  }

  private func parameterCount(_ site: Int) -> Int {
    let (width, count) = (featureCount(site), scoreCount(site))
    return hidden == 0 ? (width + 1) * count : (width + 1) * hidden + (hidden + 1) * count
  }

  /// The logits of a group's candidates, from frozen features.
  private func logits(
    _ place: (site: Int, group: Int), _ image: Int, _ selector: [Double]
  ) -> [Double] {
    let site = place.site
    var p = (0..<site).reduce(0) { $0 + parameterCount($1) }
    func affine(_ x: [Double], _ outputs: Int) -> [Double] {
      let start = p
      p += (x.count + 1) * outputs
      return (0..<outputs).map { o in
        x.indices.reduce(selector[start + x.count * outputs + o]) {
          $0 + x[$1] * selector[start + $1 * outputs + o]
        }
      }
    }
    var x = features[site]![image]
    if hidden > 0 { x = affine(x, hidden).map { max($0, 0) } }
    let count = sites[site].candidates.count
    let logits = affine(x, scoreCount(site))[place.group * count..<(place.group + 1) * count]
    let prices = prices(place)
    return zip(logits, prices).map { $0 - Double(student.bitPrice) * $1 }
  }

  /// What each candidate of a group costs: its bits in units of the mean output's share, or the mean
  /// bits of all outputs it decides about.
  private func prices(_ place: (site: Int, group: Int)) -> [Double] {
    let shares = student.costModel.shares
    let site = sites[place.site]
    let governed = site.groups[place.group]
    let total = governed.reduce(0) { $0 + shares[$1] }
    // What is decided about feeds no layer with weights.
    guard total > 0 else { return site.candidates.map { site.isShared ? Double($0) : 0 } }
    return site.candidates.indices.map { candidate in
      governed.reduce(0.0) {
        let bits = Double(bits($1)[map($1, place.site)[candidate]])
        return $0 + (site.isShared ? shares[$1] / total : shares[$1] * 3) * bits
      }
    }
  }

  /// What the selector reads of the images themselves; they are the first point's raw values.
  var imageFeatures: [[Double]] = []

  private func probabilities(_ logits: [Double]) -> [Double] {
    let sum = logits.reduce(0) { $0 + exp($1) }
    return logits.map { exp($0) / sum }
  }

  private func takeFeatures(_ site: Int, _ raw: [Double]) {
    let point = sites[site].point
    let (c, size) = (channels[point], raw.count / batch)
    let constants = student.selectorConstants.map(Double.init)
    let start = (0..<site).reduce(0) { $0 + 2 * featureCount($1) }
    features[site] = (0..<batch).map { image in
      var level = Double(student.featureLevels[point])
      var (low, high) = (-128.0, 255.0)
      if sites[site].isRounded {
        let grid = student.activationGrids[point][choices[image][point]]
        level = Double(grid.levelsPerUnit)
        (low, high) = (Double(grid.lowest), Double(grid.highest))
      }
      var values: [Double] = []
      for kind in kinds {
        for channel in 0..<c {
          let codes = stride(from: channel, to: size, by: c).map {
            min(max(raw[image * size + $0] * level, low), high).rounded(.toNearestOrEven)
          }
          let mean = codes.reduce(0, +) / Double(codes.count)
          let square = codes.reduce(0) { $0 + $1 * $1 } / Double(codes.count)
          values.append(
            (kind == .mean ? mean : max(square - mean * mean, 0).squareRoot()) / level)
        }
      }
      values += imageFeatures[image]
      return values.indices.map {
        (values[$0] - constants[start + $0]) * constants[start + values.count + $0]
      }
    }
  }

  /// A point's value as a function of its raw value, the steps and the selector.
  private func quantized(_ point: Int, _ raw: [Double], _ variables: Variables) -> [Double] {
    let grids = student.activationGrids[point]
    let size = raw.count / batch
    let isFirst = frozen[point] == nil
    let own = sites.firstIndex { $0.point == point }
    if isFirst, let own, !sites[own].isRounded { takeFeatures(own, raw) }
    var state = frozen[point] ?? Frozen(rounding: [], chosen: [], mixture: [])
    var mixture = [Double](repeating: 0, count: raw.count)
    for image in 0..<batch {
      var weights = [Double](repeating: 0, count: grids.count)
      if let place = decider(point) {
        let logits = logits(place, image, variables.selector)
        let own = map(point, place.site)
        for (place, probability) in probabilities(logits).enumerated() {
          weights[own[place]] += probability
        }
        if isFirst { choices[image][point] = own[logits.firstIndex(of: logits.max()!)!] }
      } else {
        weights[grids.count - 1] = 1
        if isFirst { choices[image][point] = grids.count - 1 }
      }
      for index in image * size..<(image + 1) * size {
        if isFirst {
          state.rounding.append([])
          state.chosen.append(0)
        }
        for (candidate, grid) in grids.enumerated() {
          let step = exp(variables.logSteps[point][candidate])
          let clipped = min(max(raw[index] / step, Double(grid.lowest)), Double(grid.highest))
          if isFirst {
            let rounded = clipped.rounded(.toNearestOrEven)
            state.rounding[index].append(rounded - clipped)
            if candidate == choices[image][point] { state.chosen[index] = rounded * step }
          }
          mixture[index] += weights[candidate] * step * (clipped + state.rounding[index][candidate])
        }
      }
    }
    if isFirst {
      state.mixture = mixture
      frozen[point] = state
      if let own, sites[own].isRounded { takeFeatures(own, raw) }
    }
    return mixture.indices.map { state.chosen[$0] + mixture[$0] - state.mixture[$0] }
  }

  /// A 1x1 convolution of all pixels with its weights and biases at a place of the parameters.
  private func convolution(
    _ input: [Double], _ inputs: Int, _ outputs: Int, at start: Int, _ v: Variables
  ) -> [Double] {
    (0..<batch * 9 * outputs).map { index in
      let (pixel, o) = index.quotientAndRemainder(dividingBy: outputs)
      return (0..<inputs).reduce(v.parameters[start + inputs * outputs + o]) {
        $0 + input[pixel * inputs + $1] * v.parameters[start + $1 * outputs + o]
      }
    }
  }

  /// The loss: half the squared distance of the outputs to the targets, mean over images, and the
  /// budget's slope times the shares of the expected bits.
  func loss(_ v: Variables) -> Double {
    let first = quantized(0, v.images.map { max($0, 0) }, v)
    let second = quantized(
      1, convolution(first, 2, 3, at: 0, v).map { $0 < 0 ? $0 / 4 : $0 }, v)
    let third = quantized(2, convolution(second, 3, 2, at: 9, v).map { max($0, 0) }, v)
    var total = 0.0
    for image in 0..<batch {
      let means = (0..<2).map { c in
        (0..<9).reduce(0.0) { $0 + third[(image * 9 + $1) * 2 + c] } / 9
      }
      for o in 0..<3 {
        let output = (0..<2).reduce(v.parameters[23 + o]) {
          $0 + means[$1] * v.parameters[17 + $1 * 3 + o]
        }
        let difference = output - Double(target[image * 3 + o])
        total += difference * difference / 2 / Double(batch)
      }
      for point in 0..<3 {
        guard let decider = decider(point) else { continue }
        let own = map(point, decider.site)
        for (place, p) in probabilities(logits(decider, image, v.selector)).enumerated() {
          let bits = Double(self.bits(point)[own[place]])
          total += slope * student.costModel.shares[point] * p * bits
        }
      }
    }
    return total
  }
}
