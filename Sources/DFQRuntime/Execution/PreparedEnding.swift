import DFQTensor

/// What follows an operation, ready for the kernels.
struct PreparedEnding: Sendable, BitwiseCopyable {
  /// y = x * scale + shift, or nil.
  nonisolated(unsafe) let scale: UnsafePointer<Float>?
  nonisolated(unsafe) let shift: UnsafePointer<Float>?
  /// The value that is added.
  let residual: Int?
  let negativeSlope: Float
  let upperBound: Float

  init(_ ending: Operation.Ending, store: ConstantStore) {
    scale = ending.scale.isEmpty ? nil : store.floats(ending.scale)
    shift = ending.shift.isEmpty ? nil : store.floats(ending.shift)
    residual = ending.residual
    negativeSlope = ending.negativeSlope
    upperBound = ending.upperBound
  }
}
