import DFQTestSupport
import DynaDFQ
import Foundation

/// The function whose gradient a dynamic student's backward pass claims to compute, in double
/// precision: values of the chosen candidates, changes of the mixture of all candidates, rounding
/// errors and features frozen.
///
/// For the network relu, 1x1 convolution, leaky relu, mean, linear on images 3 x 3 x 2 with
/// unquantized weights.
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
    try b.add("fc", .linear(outputs: 3, bias: true), try b.add("mean", .globalAveragePool, x))
    return Network.random(b.build(), seed: 3)
  }

  let student: QuantizedNetwork
  let batch: Int
  let target: Tensor
  let slope: Double
  private(set) var choices: [[Int]] = []
  private var frozen: [Frozen?] = [nil, nil]
  private var features: [Int: [[Double]]] = [:]
  private let channels = [2, 3]

  init(_ student: QuantizedNetwork, batch: Int, target: Tensor, slope: Double) {
    self.student = student
    self.batch = batch
    self.target = target
    self.slope = slope
    choices = .init(repeating: [0, 0], count: batch)
  }

  private var isPerImage: Bool { student.selector!.granularity == .perImage }
  private func decider(_ point: Int) -> Int? { isPerImage ? (point == 0 ? nil : 0) : point }

  /// The candidates' logits at a head, from frozen features.
  private func logits(_ point: Int, _ image: Int, _ selector: [Double]) -> [Double] {
    let width = features[point]![image].count
    let hidden = student.selector!.hidden
    let count = 3
    let size = hidden == 0 ? (width + 1) * count : (width + 1) * hidden + (hidden + 1) * count
    var p = point == 0 ? 0 : selector.count - size
    func affine(_ x: [Double], _ outputs: Int) -> [Double] {
      let start = p
      p += (x.count + 1) * outputs
      return (0..<outputs).map { o in
        x.indices.reduce(selector[start + x.count * outputs + o]) {
          $0 + x[$1] * selector[start + $1 * outputs + o]
        }
      }
    }
    var x = features[point]![image]
    if hidden > 0 { x = affine(x, hidden).map { max($0, 0) } }
    let shares = student.costModel.shares
    let price = Double(student.bitPrice) * (isPerImage ? 1 : shares[point] * 2)
    return zip(affine(x, count), student.placement.points[point].bits).map {
      $0 - price * Double($1)
    }
  }

  private func probabilities(_ logits: [Double]) -> [Double] {
    let sum = logits.reduce(0) { $0 + exp($1) }
    return logits.map { exp($0) / sum }
  }

  private func takeFeatures(_ point: Int, _ raw: [Double]) {
    let (c, size) = (channels[point], raw.count / batch)
    let level = Double(student.featureLevels[point])
    let constants = student.selectorConstants.map(Double.init)
    let kinds = student.selector!.features
    let start = point == 0 ? 0 : constants.count - 2 * kinds.count * c
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
    if isFirst, !isPerImage || point == 0 { takeFeatures(point, raw) }
    var state = frozen[point] ?? Frozen(rounding: [], chosen: [], mixture: [])
    var mixture = [Double](repeating: 0, count: raw.count)
    for image in 0..<batch {
      var weights = [0.0, 0, 1]
      if let head = decider(point) {
        let logits = logits(head, image, variables.selector)
        weights = probabilities(logits)
        if isFirst { choices[image][point] = logits.firstIndex(of: logits.max()!)! }
      } else if isFirst {
        choices[image][point] = 2
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

  /// The loss: half the squared distance of the outputs to the targets, mean over images, and the
  /// budget's slope times the shares of the expected bits.
  func loss(_ v: Variables) -> Double {
    let first = quantized(0, v.images.map { max($0, 0) }, v)
    let pixels = batch * 9
    let inner = (0..<pixels * 3).map { index in
      let (pixel, o) = index.quotientAndRemainder(dividingBy: 3)
      let sum = (0..<2).reduce(v.parameters[6 + o]) {
        $0 + first[pixel * 2 + $1] * v.parameters[$1 * 3 + o]
      }
      return sum < 0 ? sum / 4 : sum
    }
    let second = quantized(1, inner, v)
    var total = 0.0
    for image in 0..<batch {
      let means = (0..<3).map { c in
        (0..<9).reduce(0.0) { $0 + second[(image * 9 + $1) * 3 + c] } / 9
      }
      for o in 0..<3 {
        let output = (0..<3).reduce(v.parameters[18 + o]) {
          $0 + means[$1] * v.parameters[9 + $1 * 3 + o]
        }
        let difference = output - Double(target[image * 3 + o])
        total += difference * difference / 2 / Double(batch)
      }
      for point in 0..<2 {
        guard let head = decider(point) else { continue }
        let p = probabilities(logits(head, image, v.selector))
        let bits = zip(p, student.placement.points[point].bits).reduce(0) {
          $0 + $1.0 * Double($1.1)
        }
        total += slope * student.costModel.shares[point] * bits
      }
    }
    return total
  }
}
