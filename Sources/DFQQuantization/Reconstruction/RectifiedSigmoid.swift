#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// AdaRound's function from a variable V to the share h(V) of a step that a weight is rounded up by, and the penalty of
/// shares between 0 and 1 (Nagel et al., ICML 2020, equations 23 and 24).
///
/// h(V) = clip(sigmoid(V) (ζ - γ) + γ, 0, 1): a sigmoid that reaches 0 and 1 at finite V.
public enum RectifiedSigmoid {
  /// ζ, the value that the stretched sigmoid tends to.
  public static let zeta: Float = 1.1
  /// γ, the value that the stretched sigmoid comes from.
  public static let gamma: Float = -0.1

  /// h(V), 0...1.
  public static func share(_ variable: Float) -> Float {
    min(max((zeta - gamma) / (1 + exp(-variable)) + gamma, 0), 1)
  }

  /// The V whose share is h, for h in 0...1.
  public static func variable(share: Float) -> Float {
    -log((zeta - gamma) / (min(max(share, 0), 1) - gamma) - 1)
  }

  /// dh/dV where the share is h: (h - γ)(ζ - h) / (ζ - γ), and 0 where h was clipped.
  public static func slope(share: Float) -> Float {
    share > 0 && share < 1 ? (share - gamma) * (zeta - share) / (zeta - gamma) : 0
  }

  /// 1 - |2h - 1|^β: 1 at a half, 0 where the weight is rounded.
  public static func penalty(share: Float, exponent: Float) -> Float {
    1 - pow(abs(2 * share - 1), exponent)
  }

  /// The penalty's derivative with respect to h: -2 β |2h - 1|^(β - 1) sign(2h - 1).
  public static func penaltySlope(share: Float, exponent: Float) -> Float {
    let distance = 2 * share - 1
    guard distance != 0 else { return 0 }
    return -2 * exponent * pow(abs(distance), exponent - 1) * (distance < 0 ? -1 : 1)
  }
}
