/// Which images of a cascade continue to the next level.
///
/// Thresholds that were set on synthetic images let other shares of real images continue, because real
/// margins differ. Two rules keep the share, and so the cost, on any images; neither needs labels.
public enum CascadeRule: Sendable, Hashable, Codable {
  /// Images whose margin is below the level's threshold. An answer depends on its image only.
  case threshold
  /// Of every `batch` images in order, those with the smallest margins: as many as the fitted share.
  ///
  /// The cost of every prefix of whole batches is that of the fitted share. An answer depends on the
  /// other images of its batch.
  case ranked(batch: Int)
  /// Images whose margin is below a threshold that follows the images so far: each image that continues
  /// lowers it, each other raises it, so that the fitted share continues.
  ///
  /// `rate` is the step as a part of the fitted threshold, for example 0.02. An answer depends on the
  /// images before it.
  case streaming(rate: Double)

  /// - Throws: ``QuantizationError/badSelector(expected:found:)`` for a batch outside 2...65536 or a
  ///   rate outside 0...1.
  func check() throws {
    switch self {
    case .threshold: return
    case .ranked(let batch):
      guard !(2...65536).contains(batch) else { return }
      throw QuantizationError.badSelector(
        expected: "a batch of 2...65536 images to rank", found: "\(batch)")
    case .streaming(let rate):
      guard !(rate > 0 && rate <= 1) else { return }
      throw QuantizationError.badSelector(
        expected: "a rate above 0 and at most 1", found: "\(rate)")
    }
  }
}

/// Decides, image after image in order, which ones continue at a level.
struct CascadeContinuation {
  private let rule: CascadeRule
  private let share: Double
  private let fitted: Double
  private var threshold: Double
  private var seen = 0
  private var continued = 0

  init(_ cascade: StudentCascade, level: Int) {
    rule = cascade.rule
    share = cascade.shares[level]
    fitted = Double(cascade.thresholds[level])
    threshold = fitted
  }

  /// The positions among `margins` of the images that continue, ascending.
  mutating func positions(_ margins: [Float]) -> [Int] {
    switch rule {
    case .threshold: margins.indices.filter { Double(margins[$0]) < fitted }
    case .ranked(let batch):
      stride(from: 0, to: margins.count, by: batch).flatMap { start in
        ranked(margins, start..<min(start + batch, margins.count))
      }
    case .streaming(let rate): margins.indices.filter { follow(margins[$0], rate: rate) }
    }
  }

  /// What is left of the share after whole numbers of images is carried to the next batch.
  private mutating func ranked(_ margins: [Float], _ batch: Range<Int>) -> [Int] {
    seen += batch.count
    // The share is a quotient: a rounding error must not cost an image.
    let wanted = Int((share * Double(seen) + 1e-6).rounded(.down)) - continued
    let order = batch.sorted { (margins[$0], $0) < (margins[$1], $1) }
    let chosen = order.prefix(max(wanted, 0)).sorted()
    continued += chosen.count
    return chosen
  }

  private mutating func follow(_ margin: Float, rate: Double) -> Bool {
    let continues = Double(margin) < threshold
    threshold = max(0, threshold + rate * fitted * (continues ? share - 1 : share))
    return continues
  }
}
