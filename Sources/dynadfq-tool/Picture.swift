import DynaDFQ

/// Synthetic images from easy to hard, each with its classes, entropy and (for a student) its bits.
struct Picture {
  private let images: SyntheticImages
  private let network: Network
  private let bits: [Double]?
  private let columns = 12
  private let limit = 96

  init(_ images: SyntheticImages, network: Network, bits: [Double]? = nil) {
    self.images = images
    self.network = network
    self.bits = bits
  }

  func image() throws -> PixelImage {
    let order = images.difficulty.indices.sorted {
      (images.difficulty[$0].labelEntropy, images.difficulty[$0].gradientNorm, $0)
        < (images.difficulty[$1].labelEntropy, images.difficulty[$1].gradientNorm, $1)
    }
    let shown = min(order.count, limit)
    let shape = network.imageShape
    let scale = max(1, 84 / max(shape[1], 1))
    let lineHeight = ImageCanvas.textHeight() + 2
    let cell = (height: shape[0] * scale + 3 * lineHeight + 6, width: max(shape[1] * scale, 84) + 6)
    var canvas = ImageCanvas(
      height: (shown + columns - 1) / columns * cell.height, width: columns * cell.width)
    for place in 0..<shown {
      // Evenly spaced ranks, so that the whole range from easy to hard is seen.
      let index = order[shown == 1 ? 0 : place * (order.count - 1) / (shown - 1)]
      let (top, left) = (place / columns * cell.height + 3, place % columns * cell.width + 3)
      canvas.draw(
        try network.preprocessing.picture(of: images.images.row(index)), at: (top: top, left: left),
        scale: scale)
      for (line, text) in caption(index).enumerated() {
        canvas.drawText(
          text, at: (top: top + shape[0] * scale + 2 + line * lineHeight, left: left),
          color: .black)
      }
    }
    return canvas.image
  }

  /// The label's largest classes, its entropy, the bits.
  private func caption(_ index: Int) -> [String] {
    let label = images.labels.row(index).elements
    let classes = label.indices.sorted { (label[$0], -$0) > (label[$1], -$1) }.prefix(3)
    let parts = classes.filter { label[$0] >= 0.05 }.map {
      "\($0):\(Int((label[$0] * 100).rounded()))"
    }
    let entropy = Output.bits(Double(images.difficulty[index].labelEntropy))
    return [parts.joined(separator: " "), "H \(entropy)"]
      + (bits.map { ["\(Output.bits($0[index])) bits"] } ?? [])
  }
}
