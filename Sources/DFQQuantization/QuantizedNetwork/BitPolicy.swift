/// Who chooses the bits of a pass.
package enum BitPolicy: Sendable {
  /// The selector: the candidate with the largest logit less its price.
  case selector
  /// The same candidate everywhere, as a position among each point's candidates.
  case uniform(Int)
  /// A table, image by image and point by point: random, shuffled and oracle choices, and random
  /// warm-up.
  case table([UInt8])
}
