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
  private let hidden: Int
  private let kinds: [ChannelStatistic]
  private var imageKinds: [ImageStatistic] = []
  /// The point of a decision per image, nil for decisions per layer.
  private let decisionPoint: Int?

  init(_ student: QuantizedNetwork, batch: Int, target: Tensor, slope: Double) {
    self.student = student
    self.batch = batch
    self.target = target
    self.slope = slope
    choices = .init(repeating: [0, 0, 0], count: batch)
    if let selector = student.selector!.decider as? PerImageSelector {
      (hidden, kinds, decisionPoint) = (selector.hidden, selector.features, selector.point ?? 0)
    } else if let selector = student.selector!.decider as? CADyQ {
      (hidden, kinds, decisionPoint) = (selector.hidden, selector.features, nil)
      imageKinds = selector.image
    } else {
      let selector = student.selector!.decider as! PerLayerSelector
      (hidden, kinds, decisionPoint) = (selector.hidden, selector.features, nil)
    }
  }

  private func bits(_ point: Int) -> [Int] { student.placement.points[point].bits }

  /// The point whose features decide about a point, nil where its bits stay at the highest.
  private func decider(_ point: Int) -> Int? {
    guard bits(point).count > 1 else { return nil }
    guard let decisionPoint else { return point }
    return point > decisionPoint ? decisionPoint : nil
  }

  private func isSite(_ point: Int) -> Bool {
    decisionPoint.map { $0 == point } ?? (bits(point).count > 1)
  }

  private func candidates(_ site: Int) -> [Int] {
    decisionPoint == nil ? bits(site) : student.quantizer.activationBits
  }

  /// The own candidate for each of the decision's: its bits, the next more, or the most.
  private func map(_ point: Int, _ site: Int) -> [Int] {
    candidates(site).map { wanted in
      bits(point).indices.first { bits(point)[$0] >= wanted } ?? bits(point).count - 1
    }
  }

  private func featureCount(_ site: Int) -> Int {
    kinds.count * channels[site] + imageKinds.count
  }

  private func parameterCount(_ site: Int) -> Int {
    let (width, count) = (featureCount(site), candidates(site).count)
    return hidden == 0 ? (width + 1) * count : (width + 1) * hidden + (hidden + 1) * count
  }

  /// The logits of a site's candidates, from frozen features.
  private func logits(_ site: Int, _ image: Int, _ selector: [Double]) -> [Double] {
    var p = (0..<site).filter(isSite).reduce(0) { $0 + parameterCount($1) }
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
    let logits = affine(x, candidates(site).count)
    let prices = prices(site)
    return logits.indices.map { logits[$0] - Double(student.bitPrice) * prices[$0] }
  }

  /// What each candidate of a site costs: its bits in units of the mean output's share, or the mean
  /// bits of all outputs it decides about.
  private func prices(_ site: Int) -> [Double] {
    let shares = student.costModel.shares
    guard decisionPoint != nil else {
      return bits(site).map { shares[site] * 3 * Double($0) }
    }
    let governed = (0..<3).filter { decider($0) == site }
    let total = governed.reduce(0) { $0 + shares[$1] }
    // What is decided about feeds no layer with weights.
    guard total > 0 else { return candidates(site).map(Double.init) }
    return candidates(site).indices.map { candidate in
      governed.reduce(0.0) {
        $0 + shares[$1] / total * Double(bits($1)[map($1, site)[candidate]])
      }
    }
  }

  /// What the selector reads of the images themselves; they are the first point's raw values.
  var imageFeatures: [[Double]] = []

  private func probabilities(_ logits: [Double]) -> [Double] {
    let sum = logits.reduce(0) { $0 + exp($1) }
    return logits.map { exp($0) / sum }
  }

  private func takeFeatures(_ point: Int, _ raw: [Double]) {
    let (c, size) = (channels[point], raw.count / batch)
    let level = Double(student.featureLevels[point])
    let constants = student.selectorConstants.map(Double.init)
    let start = (0..<point).filter(isSite).reduce(0) { $0 + 2 * featureCount($1) }
    features[point] = (0..<batch).map { image in
      var values: [Double] = []
      for kind in kinds {
        for channel in 0..<c {
          let codes = stride(from: channel, to: size, by: c).map {
            min(max(raw[image * size + $0] * level, -128), 255).rounded(.toNearestOrEven)
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
    if isFirst, isSite(point) { takeFeatures(point, raw) }
    var state = frozen[point] ?? Frozen(rounding: [], chosen: [], mixture: [])
    var mixture = [Double](repeating: 0, count: raw.count)
    for image in 0..<batch {
      var weights = [Double](repeating: 0, count: grids.count)
      if let site = decider(point) {
        let logits = logits(site, image, variables.selector)
        let own = map(point, site)
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
        guard let site = decider(point) else { continue }
        let own = map(point, site)
        for (place, p) in probabilities(logits(site, image, v.selector)).enumerated() {
          let bits = Double(self.bits(point)[own[place]])
          total += slope * student.costModel.shares[point] * p * bits
        }
      }
    }
    return total
  }
}
