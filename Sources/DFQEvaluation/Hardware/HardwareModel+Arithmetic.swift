/// Cycles and bit products of layers.
extension HardwareModel {
  /// The most 1-bit products in a cycle.
  var peakBitProducts: Double {
    let count = Double(lanes.products * lanes.outputs * lanes.positions)
    switch arithmetic {
    case .bitSerial: return count
    case .units(let widths):
      let widest = Double(widths.last ?? 1)
      return count * widest * widest
    case .bytes: return count * 64
    }
  }

  /// The width at which an operand is multiplied.
  func computedBits(_ bits: Int) -> Int {
    switch arithmetic {
    case .bitSerial: return bits
    case .units(let widths):
      if let width = widths.first(where: { $0 >= bits }) { return width }
      let widest = widths.last ?? 1
      return (bits + widest - 1) / widest * widest
    case .bytes: return bits <= 8 ? 8 : 32
    }
  }

  /// Cycles of a layer for one image whose numbers have these widths.
  ///
  /// Products, outputs of a group and positions are cut into what the lanes hold; a part that is not full
  /// takes as long as a full one. Units that join compute more products side by side the narrower the
  /// operands are.
  func cycles(_ work: LayerWork, _ choice: LayerWork.Choice) -> Double {
    let (weight, input) = (computedBits(choice.weightBits), computedBits(choice.inputBits))
    func parts(_ count: Int, _ lanes: Double) -> Double { (Double(count) / lanes).rounded(.up) }
    let maps =
      Double(work.groups) * parts(work.positions, Double(lanes.positions))
      * parts(work.outputs, Double(lanes.outputs))
    switch arithmetic {
    case .bitSerial:
      return maps * parts(work.products, Double(lanes.products)) * Double(weight * input)
    case .units(let widths):
      let widest = Double(widths.last ?? 1)
      let rate = widest * widest / Double(weight * input)
      return rate >= 1
        ? maps * parts(work.products, Double(lanes.products) * rate)
        : maps * parts(work.products, Double(lanes.products)) / rate
    case .bytes(let floatCost):
      if work.isDenseConvolution, choice.weightBits <= 8, choice.inputBits <= 8 {
        return maps * parts(work.products, Double(lanes.products))
      }
      return Double(work.macs) * floatCost * 64 / peakBitProducts
    }
  }

  /// 1-bit products of the same, as the hardware computes them: widths that it does not have count as
  /// those that it takes instead.
  func bitProducts(_ work: LayerWork, _ choice: LayerWork.Choice) -> Double {
    Double(work.macs) * Double(computedBits(choice.weightBits) * computedBits(choice.inputBits))
  }

  /// Cycles of a selector for one image: statistics of 8-bit values and scores in float32, with all lanes
  /// full.
  func cycles(_ work: SelectorWork) -> Double {
    if case .bytes(let floatCost) = arithmetic {
      return Double(work.featureMACs + work.scoreMACs) * floatCost * 64 / peakBitProducts
    }
    return bitProducts(work) / peakBitProducts
  }

  /// 1-bit products of a selector for one image.
  func bitProducts(_ work: SelectorWork) -> Double {
    let (byte, float) = (computedBits(8), computedBits(BitShares.floatBits))
    return Double(work.featureMACs * byte * byte) + Double(work.scoreMACs * float * float)
  }
}
