import DFQGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A learning-rate schedule, as a factor of the base rate.
public enum LearningRateSchedule: Sendable, Codable, Hashable {
  /// Always 1.
  case constant
  /// From 1 to `final` along half a cosine.
  case cosine(final: Float)
  /// Multiplied by `decay` at each milestone; milestones are fractions of the run, 0...1.
  case milestones([Float], decay: Float)
  /// Smith's one-cycle: up along a cosine from 1/25 to 1 over `warmup` of the run, then down to
  /// `final`.
  case oneCycle(warmup: Float, final: Float)

  /// The factor at a step of a run of `total` steps.
  public func factor(step: Int, total: Int) -> Float {
    let share = total <= 1 ? 0 : Float(step) / Float(total - 1)
    func halfCosine(_ share: Float, _ from: Float, _ to: Float) -> Float {
      to + (from - to) * (1 + cos(Float.pi * share)) / 2
    }
    switch self {
    case .constant: return 1
    case .cosine(let final): return halfCosine(share, 1, final)
    case .milestones(let milestones, let decay):
      let passed = milestones.filter { Float(step) >= $0 * Float(total) }.count
      return pow(decay, Float(passed))
    case .oneCycle(let warmup, let final):
      if share < warmup || warmup >= 1 { return halfCosine(share / warmup, 1 / 25, 1) }
      return halfCosine((share - warmup) / (1 - warmup), 1, final)
    }
  }
}

/// Lowers a learning rate when a loss stops falling (PyTorch's ReduceLROnPlateau with relative
/// threshold 1e-4).
public struct PlateauSchedule: Sendable, Codable, Equatable {
  /// The factor at a plateau.
  public var factor: Float
  /// The number of steps without improvement before the rate is lowered.
  public var patience: Int
  /// The lowest rate.
  public var minimum: Float
  /// The current rate.
  public private(set) var rate: Float
  private var best = Double.infinity
  private var bad = 0

  /// Makes a schedule that starts at `rate`; the defaults are those of IntraQ (Zhong et al., 2022).
  public init(rate: Float, factor: Float = 0.1, patience: Int = 50, minimum: Float = 1e-4) {
    self.rate = rate
    self.factor = factor
    self.patience = patience
    self.minimum = minimum
  }

  /// Updates the rate from a step's loss.
  public mutating func observe(_ loss: Double) {
    if loss < best * (1 - 1e-4) {
      best = loss
      bad = 0
    } else {
      bad += 1
    }
    if bad > patience {
      rate = max(rate * factor, minimum)
      bad = 0
    }
  }
}
