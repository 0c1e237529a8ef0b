import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Noise of the Gumbel distribution: the largest of scores with it is a draw from their softmax (Jang et
/// al., "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017).
enum Gumbel {
  /// -log(-log(u)) for a uniform u in (0, 1).
  static func draw(_ stream: inout RandomStream) -> Float {
    // 53 bits, and never 0 or 1.
    let u = (Double(stream.next() >> 11) + 0.5) / 9_007_199_254_740_992
    return Float(-log(-log(u)))
  }
}
