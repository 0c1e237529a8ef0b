/// Decides, image after image in order, which ones continue at a level.
package struct CascadeContinuation: Sendable {
  private let rule: CascadeRule
  private let share: Double
  private let fitted: Double
  private var threshold: Double
  private var seen = 0
  private var continued = 0

  /// Begins before the first image.
  package init(rule: CascadeRule, share: Double, threshold: Float) {
    self.rule = rule
    self.share = share
    fitted = Double(threshold)
    self.threshold = fitted
  }

  /// The positions among `margins` of the images that continue, ascending.
  package mutating func positions(_ margins: [Float]) -> [Int] {
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
