/// The parameters a student computes with, bank after bank, and the grids their weights lie on.
package struct EffectiveWeights: Sendable {
  /// All parameters, the weights rounded to their grids.
  package var values: [Float] = []
  /// Levels per unit of a layer's weights, by its node and bank: of each output channel or of all;
  /// no layer whose weights stay in floating point.
  package var levels: [Int: [[Float]]] = [:]
}
