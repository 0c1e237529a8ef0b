import DFQFiles
import DynaDFQ
import Foundation

/// Synthetic images from easy to hard as one picture, each with its class and its label's entropy.
struct ImageGrid {
  let title: String
  let png: [UInt8]

  /// The grids of a section: one for each network and image set, of its first seed.
  static func all(of section: ReportData.Section, in data: ReportData) -> [ImageGrid] {
    var seen = Set<[String]>()
    var grids: [ImageGrid] = []
    for row in section.rows where !row.isTeacher && !row.isCascade {
      let changed = row.label.ablation
      guard let record = row.records.first,
        case .string(let key)? = record.settings["student"]?["images"],
        case .string(let student)? = studentKey(record, data),
        seen.insert([row.label.network, key]).inserted,
        let images = try? SyntheticImages(
          contentsOf: "\(data.store.path)/artefacts/\(key).safetensors"),
        let network = try? QuantizedNetwork(
          contentsOf: "\(data.store.path)/artefacts/\(student).safetensors"
        ).network,
        let picture = try? picture(images, network, names(record.dataset, network.classCount))
      else { continue }
      grids.append(
        ImageGrid(
          title: "\(row.label.images ?? "") of \(row.label.network)"
            + (changed.map { ", \($0)" } ?? "") + (row.label.seed.map { ", seed \($0)" } ?? ""),
          png: picture.pngBytes()))
      if grids.count == 12 { break }
    }
    return grids
  }

  /// The key of the student that was evaluated.
  private static func studentKey(_ record: ResultRecord, _ data: ReportData) -> JSONTree? {
    ArtefactInfo.read(record.key, in: data.store)?.identity["subject"]
  }

  private static func names(_ dataset: String, _ count: Int) -> [String] {
    let known =
      dataset.hasPrefix("fashion-mnist")
      ? FashionMNIST.classNames
      : dataset.hasPrefix("cifar10:") ? CIFAR.Dataset.cifar10.classNames : []
    return known.count == count ? known : (0..<count).map { "class \($0)" }
  }

  /// Evenly spaced ranks, so that the whole range from easy to hard is seen.
  private static func picture(
    _ images: SyntheticImages, _ network: Network, _ names: [String]
  ) throws -> PixelImage {
    let columns = 8
    let order = images.difficulty.indices.sorted {
      let (a, b) = (images.difficulty[$0], images.difficulty[$1])
      return (a.labelEntropy, a.gradientNorm, $0) < (b.labelEntropy, b.gradientNorm, $1)
    }
    let shown = min(order.count, 48)
    let places = (0..<shown).map {
      order[shown == 1 ? 0 : $0 * (order.count - 1) / (shown - 1)]
    }
    let shape = network.imageShape
    let scale = max(1, 64 / max(shape[1], 1))
    let lineHeight = ImageCanvas.textHeight() + 2
    let cell = (
      height: shape[0] * scale + 2 * lineHeight + 8, width: max(shape[1] * scale, 60) + 8
    )
    var canvas = ImageCanvas(
      height: (shown + columns - 1) / columns * cell.height, width: columns * cell.width)
    for (place, index) in places.enumerated() {
      let corner = (
        top: place / columns * cell.height + 4, left: place % columns * cell.width + 4
      )
      canvas.draw(
        try network.preprocessing.picture(of: images.images.row(index)), at: corner, scale: scale)
      let entropy = ReportNumbers.fixed(Double(images.difficulty[index].labelEntropy), 2)
      let lines = [String(names[images.anchors[index]].prefix(10)), "H \(entropy)"]
      for (line, text) in lines.enumerated() {
        canvas.drawText(
          text,
          at: (top: corner.top + shape[0] * scale + 2 + line * lineHeight, left: corner.left))
      }
    }
    return canvas.image
  }
}
