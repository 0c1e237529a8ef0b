import DFQGraph

/// A uniform grid as integer kernels see it: value = (code + offset) / levelsPerUnit for codes from
/// 0 on.
package struct CodeGrid: Sendable {
  /// S, the levels per unit: the inverse of the step.
  package let levelsPerUnit: Float
  /// What is added to a code before it is scaled.
  package let offset: Int

  package init(levelsPerUnit: Float, offset: Int) {
    self.levelsPerUnit = levelsPerUnit
    self.offset = offset
  }

  /// The code of the value 0, which images are surrounded by.
  var padCode: UInt8 { UInt8(-offset) }
}
