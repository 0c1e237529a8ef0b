import DFQGraph
public import DFQTensor

/// Class activation maps of a network whose classifier reads the mean of a layer's positions (Zhou et al.,
/// CVPR 2016); there they are those of Grad-CAM (Selvaraju et al., ICCV 2017).
///
/// The map of class k at position p of a value A with P positions and C channels is
///
/// ```
/// M_p = max(0, sum over c of alpha_c A_pc),  alpha_c = W_ck / P     the mean gradient of the logit at A_c
/// ```
///
/// It is resized by bilinear interpolation where ``size`` says so, then moved and scaled to 0...1.
public struct ActivationMap: Sendable {
  /// The classifier's weights W, C by classes.
  public let weights: Tensor
  /// The classifier's bias, one for each class.
  public let bias: [Float]
  /// The rows and columns of the layer.
  public let positions: [Int]
  /// The rows and columns of the map.
  public let size: [Int]
  /// Whether weights below 0 count as 1e-10, as in SynQ's official code.
  public let dropsNegative: Bool
  private let rows: [Tap]
  private let columns: [Tap]

  private struct Tap: Sendable {
    let first: Int
    let second: Int
    let share: Double
  }

  /// What is added to the range of a map before it is divided by it.
  static let epsilon = 1e-10

  /// Makes the maps of a layer of so many rows and columns; without a size they are as large as it.
  public init(
    weights: Tensor, bias: [Float], positions: [Int], size: [Int]? = nil,
    dropsNegative: Bool = false
  ) {
    self.weights = weights
    self.bias = bias
    self.positions = positions
    self.size = size ?? positions
    self.dropsNegative = dropsNegative
    rows = Self.taps(positions[0], self.size[0])
    columns = Self.taps(positions[1], self.size[1])
  }

  /// Positions are pixel centres (align_corners false).
  private static func taps(_ from: Int, _ to: Int) -> [Tap] {
    (0..<to).map { place in
      let source = (Double(place) + 0.5) * Double(from) / Double(to) - 0.5
      let clamped = min(max(source, 0), Double(from - 1))
      let first = Int(clamped)
      return Tap(first: first, second: min(first + 1, from - 1), share: clamped - Double(first))
    }
  }

  private var count: Int { positions[0] * positions[1] }

  /// The class with the largest logit of a value P C, without quantizers.
  func predictedClass(_ value: UnsafeBufferPointer<Float>) -> Int {
    let (channels, classes) = (weights.shape[0], weights.shape[1])
    var means = [Double](repeating: 0, count: channels)
    for index in value.indices { means[index % channels] += Double(value[index]) }
    let logits = (0..<classes).map { k in
      means.indices.reduce(Double(bias[k])) {
        $0 + means[$1] / Double(count) * Double(weights[$1 * classes + k])
      }
    }
    return logits.indices.max { logits[$0] < logits[$1] } ?? 0
  }

  /// alpha of a class, one for each channel.
  func channelWeights(_ label: Int) -> [Double] {
    let classes = weights.shape[1]
    return (0..<weights.shape[0]).map { c in
      let weight = Double(weights[c * classes + label]) / Double(count)
      return dropsNegative ? max(weight, 1e-10) : weight
    }
  }

  /// The weighted sums of all positions, before those below 0 are cut off.
  func sums(_ value: UnsafeBufferPointer<Float>, _ alpha: [Double]) -> [Double] {
    (0..<count).map { position in
      alpha.indices.reduce(0.0) { $0 + alpha[$1] * Double(value[position * alpha.count + $1]) }
    }
  }

  /// The map of a class of a value P C, in 0...1, row by row.
  public func map(_ value: [Float], label: Int) -> [Float] {
    value.withUnsafeBufferPointer { value in
      normalized(resized(sums(value, channelWeights(label)).map { max($0, 0) })).map.map(Float.init)
    }
  }

  /// A map of the layer's positions at the map's size.
  func resized(_ map: [Double]) -> [Double] {
    guard size != positions else { return map }
    var result = [Double](repeating: 0, count: size[0] * size[1])
    forEachPair { output, input, weight in result[output] += weight * map[input] }
    return result
  }

  /// The transpose of ``resized(_:)``.
  func resizedBack(_ gradient: [Double]) -> [Double] {
    guard size != positions else { return gradient }
    var result = [Double](repeating: 0, count: count)
    forEachPair { output, input, weight in result[input] += weight * gradient[output] }
    return result
  }

  private func forEachPair(_ body: (_ output: Int, _ input: Int, _ weight: Double) -> Void) {
    for (y, row) in rows.enumerated() {
      for (x, column) in columns.enumerated() {
        for (line, vertical) in [(row.first, 1 - row.share), (row.second, row.share)] {
          let start = line * positions[1]
          body(y * size[1] + x, start + column.first, vertical * (1 - column.share))
          body(y * size[1] + x, start + column.second, vertical * column.share)
        }
      }
    }
  }

  /// A map that is moved and scaled to 0...1, its range, and where its ends are.
  func normalized(
    _ map: [Double]
  ) -> (map: [Double], range: Double, lowest: Int, highest: Int) {
    let lowest = map.indices.min { map[$0] < map[$1] } ?? 0
    let highest = map.indices.max { map[$0] < map[$1] } ?? 0
    let range = map[highest] - map[lowest] + Self.epsilon
    return (map.map { ($0 - map[lowest]) / range }, range, lowest, highest)
  }
}
