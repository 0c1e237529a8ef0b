import DFQGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Softmax of one row of logits in double precision, at a temperature.
package struct Softmax: Sendable {
  /// log p of each class.
  package let logProbabilities: [Double]

  package init(_ logits: some Collection<Float>, temperature: Double = 1) {
    let scaled = logits.map { Double($0) / temperature }
    let largest = scaled.max() ?? 0
    let logSum = log(scaled.reduce(0) { $0 + exp($1 - largest) }) + largest
    logProbabilities = scaled.map { $0 - logSum }
  }

  /// p of each class.
  package var probabilities: [Double] { logProbabilities.map { exp($0) } }

  /// KL(self || other), in nats; at least 0, also where it rounds.
  package func divergence(of other: Softmax) -> Double {
    let sum = zip(logProbabilities, other.logProbabilities).reduce(0.0) { sum, pair in
      let p = exp(pair.0)
      return p > 0 ? sum + p * (pair.0 - pair.1) : sum
    }
    return max(sum, 0)
  }

  /// -sum p log p, in nats.
  package var entropy: Double {
    -logProbabilities.reduce(0) { $0 + ($1 == -.infinity ? 0 : exp($1) * $1) }
  }
}

/// -sum p log p of a distribution over classes, in nats; 0 log 0 counts as 0.
package func entropy(of distribution: some Sequence<Float>) -> Double {
  distribution.reduce(0.0) { $1 > 0 ? $0 - Double($1) * log(Double($1)) : $0 }
}
