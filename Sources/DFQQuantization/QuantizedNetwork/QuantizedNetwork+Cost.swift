extension QuantizedNetwork {
  /// BitOPs of an image at the lowest candidates everywhere the selector decides, the selector
  /// included.
  package var cheapestBitOPs: Double {
    let bits = placement.points.indices.map { point in
      decider(of: point) == nil
        ? placement.points[point].bits.last! : placement.points[point].bits[0]
    }
    return costModel.cost(bits) + selectorBitOPs
  }

  /// The MAC-weighted mean of activation bits, image by image.
  package func meanBits(_ bits: [[Int]]) -> [Double] {
    let model = costModel
    return bits.map { model.meanBits($0) }
  }

  /// One candidate for every image and point, drawn uniformly: the random-bit warm-up's table.
  package func randomChoices(images: Int, draw: (Int) -> Int) -> [UInt8] {
    (0..<images).flatMap { _ in placement.points.map { UInt8(draw($0.bits.count)) } }
  }
}
