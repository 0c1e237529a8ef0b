import DFQEngine
import DFQGraph

/// The cost model: BitOPs = MACs x weight bits x activation bits, summed over layers.
///
/// Numbers that stay in floating point count as 32 bits. `family` counts an unquantized input at the
/// activations' middle candidate, as the tables of GDFQ (Xu et al. 2020) and its successors do,
/// which hides the cost of the first and the last layer.
package struct BitOPsModel: Sendable {
  /// Bits of an unquantized number.
  package static let floatBits = 32

  package let placement: Placement
  /// BitOPs of the layers whose input bits never change.
  package let constant: Double
  /// BitOPs per activation bit, by point: sum over the layers it feeds of MACs x weight bits.
  package let perBit: [Double]
  /// BitOPs per squared activation bit, by point: MACs of the layers whose weights take their
  /// input's bits.
  package let perSquaredBit: [Double]
  private let familyConstant: Double

  package init(_ placement: Placement, familyBits: Int) {
    self.placement = placement
    var constant = 0.0
    var family = 0.0
    var perBit = [Double](repeating: 0, count: placement.points.count)
    var perSquaredBit = perBit
    for layer in placement.layers {
      let weight = Double(layer.macs * (layer.bits ?? BitOPsModel.floatBits))
      if let point = layer.inputPoint {
        if layer.followsInput {
          perSquaredBit[point] += Double(layer.macs)
        } else {
          perBit[point] += weight
        }
      } else {
        constant += weight * Double(BitOPsModel.floatBits)
        family += weight * Double(familyBits)
      }
    }
    self.constant = constant
    self.perBit = perBit
    self.perSquaredBit = perSquaredBit
    familyConstant = family
  }

  /// BitOPs of one image for the bits chosen at each point, without the selector.
  package func cost(_ bits: [Int]) -> Double {
    bits.indices.reduce(constant) { sum, point in
      let b = Double(bits[point])
      return sum + perBit[point] * b + perSquaredBit[point] * b * b
    }
  }

  /// The same for the positions of candidates.
  package func cost(positions: some Sequence<UInt8>) -> Double {
    cost(zip(placement.points, positions).map { $0.bits[Int($1)] })
  }

  /// The same with unquantized inputs at the activations' middle candidate.
  package func familyCost(_ bits: [Int]) -> Double { cost(bits) - constant + familyConstant }

  /// The weight of each point in the MAC-weighted mean of activation bits, summing to 1 over the
  /// points; weights that take their input's bits count at their middle candidate.
  package var shares: [Double] {
    let weights = placement.points.indices.map { point in
      let bits = placement.points[point].bits
      return perBit[point] + perSquaredBit[point] * Double(bits[bits.count / 2])
    }
    let total = weights.reduce(0, +)
    return weights.map { total > 0 ? $0 / total : 0 }
  }

  /// The MAC-weighted mean of activation bits.
  package func meanBits(_ bits: [Int]) -> Double {
    zip(shares, bits).reduce(0) { $0 + $1.0 * Double($1.1) }
  }
}
