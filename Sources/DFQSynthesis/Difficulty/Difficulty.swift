import DFQEngine
import DFQGraph
public import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How hard one image is for a network; each measure is in 0...1.
public struct Difficulty: Sendable, Codable, Hashable {
  /// The label's entropy over log C.
  public var labelEntropy: Float
  /// The entropy of the teacher's prediction over log C.
  public var predictionEntropy: Float
  /// The gradient norm of GHM (Li et al., AAAI 2019), half the l1 distance of prediction and label;
  /// for a one-hot label it is 1 - p of the class.
  public var gradientNorm: Float

  /// Makes a difficulty from its measures.
  public init(labelEntropy: Float, predictionEntropy: Float, gradientNorm: Float) {
    self.labelEntropy = labelEntropy
    self.predictionEntropy = predictionEntropy
    self.gradientNorm = gradientNorm
  }

  /// The difficulty of one image from its logits and label, C each.
  public init(logits: some Collection<Float>, label: some Collection<Float>) {
    let softmax = Softmax(logits)
    let largest = max(log(Double(label.count)), 1e-12)
    labelEntropy = Float(entropy(of: label) / largest)
    predictionEntropy = Float(softmax.entropy / largest)
    gradientNorm = Float(
      zip(softmax.probabilities, label).reduce(0) { $0 + abs($1.0 - Double($1.1)) } / 2)
  }

  /// The difficulties of a batch from logits and labels, N C each.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` where their shapes differ.
  public static func of(logits: Tensor, labels: Tensor) throws -> [Difficulty] {
    guard labels.shape.rank == 2, labels.shape == logits.shape else {
      throw SynthesisError.badImages(
        source: "difficulty", expected: "labels of the logits' shape \(logits.shape)",
        found: "\(labels.shape)")
    }
    let classes = labels.shape[1]
    return (0..<labels.rowCount).map { row in
      let range = row * classes..<(row + 1) * classes
      return Difficulty(logits: logits.elements[range], label: labels.elements[range])
    }
  }

  /// The gradient density of each norm: the number of norms in its bin of width 1/bins, times bins
  /// (Li et al., AAAI 2019, equation 6).
  ///
  /// The harmonizing weight of one norm of N is N over its density.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for norms outside of 0...1 by more
  ///   than rounding, or without bins.
  public static func gradientDensity(_ norms: [Float], bins: Int = 30) throws -> [Float] {
    guard (1...1_000_000).contains(bins) else {
      throw SynthesisError.badConfiguration(what: "1 to 1000000 bins", found: "\(bins)")
    }
    if let bad = norms.first(where: { !(-0.001...1.001).contains($0) }) {
      throw SynthesisError.badConfiguration(what: "norms in 0...1", found: "\(bad)")
    }
    let places = norms.map { min(max(Int($0 * Float(bins)), 0), bins - 1) }
    var counts = [Int](repeating: 0, count: bins)
    for place in places { counts[place] += 1 }
    return places.map { Float(counts[$0] * bins) }
  }
}
