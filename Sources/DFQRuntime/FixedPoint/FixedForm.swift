/// How an element is stored as an integer where there is no floating point: value = (stored - zero) /
/// levelsPerUnit.
package enum FixedForm: Equatable {
  /// A byte, a code of a grid counted from 0.
  case codes(Grid)
  /// 32 bits with zero 0, at most `most` in size.
  case numbers(levelsPerUnit: Double, most: Int32)

  package var levelsPerUnit: Double {
    switch self {
    case .codes(let grid): Double(grid.levelsPerUnit)
    case .numbers(let levels, _): levels
    }
  }

  /// What stands for the value 0; not always a code.
  package var zero: Double {
    switch self {
    case .codes(let grid): -Double(grid.lowest) - Double(grid.zero)
    case .numbers: 0
    }
  }

  package var low: Double {
    switch self {
    case .codes: 0
    case .numbers(_, let most): -Double(most)
    }
  }

  package var high: Double {
    switch self {
    case .codes(let grid): Double(grid.highest - grid.lowest)
    case .numbers(_, let most): Double(most)
    }
  }

  /// What the value `value` becomes, in real numbers before the rounding, within the bounds.
  package func clamped(_ value: Double) -> Double {
    min(max(value * levelsPerUnit + zero, low), high)
  }
}
