import DynaDFQ

/// Synthetic images from easy to hard, each with its classes, entropy and (for a student) its bits.
struct Picture {
  private let images: SyntheticImages
  private let network: Network
  private let names: [String]
  private let bits: [Double]?
  private let columns = 12
  private let limit = 96
  private let lineHeight = ImageCanvas.textHeight() + 2
  /// The widest text under an image; longer names are cut.
  private let widestText = 120

  init(
    _ images: SyntheticImages, network: Network, names: ClassNames? = nil, bits: [Double]? = nil
  ) {
    self.images = images
    self.network = network
    self.names = names?.names ?? (0..<network.classCount).map(String.init)
    self.bits = bits
  }

  func image() throws -> PixelImage {
    let places = order()
    let captions = places.map(caption)
    let shape = network.imageShape
    let scale = max(1, 84 / max(shape[1], 1))
    let textWidth = captions.joined().map { ImageCanvas.textWidth($0) }.max() ?? 0
    let lines = captions.map(\.count).max() ?? 0
    let cell = (
      height: shape[0] * scale + lines * lineHeight + 8,
      width: max(shape[1] * scale, min(textWidth, widestText)) + 8
    )
    let legend = legend(width: columns * cell.width - 8)
    let top = legend.count * lineHeight + 6
    let rows = (places.count + columns - 1) / columns
    var canvas = ImageCanvas(
      height: top + rows * cell.height, width: columns * cell.width)
    for (line, text) in legend.enumerated() {
      canvas.drawText(text, at: (top: 4 + line * lineHeight, left: 4))
    }
    for (place, index) in places.enumerated() {
      let corner = (
        top: top + place / columns * cell.height + 4, left: place % columns * cell.width + 4
      )
      canvas.draw(
        try network.preprocessing.picture(of: images.images.row(index)), at: corner, scale: scale)
      for (line, text) in captions[place].enumerated() {
        canvas.drawText(
          fitted(text, width: cell.width - 8),
          at: (top: corner.top + shape[0] * scale + 2 + line * lineHeight, left: corner.left))
      }
    }
    return canvas.image
  }

  /// Evenly spaced ranks, so that the whole range from easy to hard is seen.
  private func order() -> [Int] {
    let difficulty = images.difficulty
    let order = difficulty.indices.sorted {
      (difficulty[$0].labelEntropy, difficulty[$0].gradientNorm, $0)
        < (difficulty[$1].labelEntropy, difficulty[$1].gradientNorm, $1)
    }
    let shown = min(order.count, limit)
    return (0..<shown).map { order[shown == 1 ? 0 : $0 * (order.count - 1) / (shown - 1)] }
  }

  /// What the captions mean, in lines that fit.
  private func legend(width: Int) -> [String] {
    var sentences = [
      "\(images.count) synthetic images from easy to hard.",
      "CLASS %: the label's largest classes.",
      "H: the label's entropy, 0 (one class) to 1 (all classes alike).",
    ]
    if bits != nil { sentences.append("bits: the mean activation bits of the image.") }
    var lines: [String] = []
    for word in sentences.joined(separator: " ").split(separator: " ") {
      let longer = lines.last.map { "\($0) \(word)" } ?? String(word)
      if !lines.isEmpty, ImageCanvas.textWidth(longer) <= width {
        lines[lines.count - 1] = longer
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// The label's largest classes, its entropy, the bits: a line each.
  private func caption(_ index: Int) -> [String] {
    let label = images.labels.row(index).elements
    let classes = label.indices.sorted { (label[$0], -$0) > (label[$1], -$1) }.prefix(3)
    let shares = classes.filter { label[$0] >= 0.05 }.map { place in
      let share = "\(Int((label[place] * 100).rounded()))"
      return
        "\(fitted(names[place], width: widestText - ImageCanvas.textWidth(" \(share)"))) \(share)"
    }
    let entropy = Output.bits(Double(images.difficulty[index].labelEntropy))
    return shares + ["H \(entropy)"] + (bits.map { ["\(Output.bits($0[index])) bits"] } ?? [])
  }

  /// A text cut to a width in pixels.
  private func fitted(_ text: String, width: Int) -> String {
    var text = text
    while ImageCanvas.textWidth(text) > width, !text.isEmpty { text.removeLast() }
    return text
  }
}
