import DFQEngine

/// How far answers lie apart.
public enum Divergence {
  /// The Kullback-Leibler divergence of each row of logits N C from the same row of a reference, in
  /// nats: sum p (log p - log q) with p of the reference; at least 0.
  ///
  /// - Parameters:
  ///   - logits: The logits, N C.
  ///   - reference: The reference's logits, N C.
  ///   - classes: The number of classes C.
  /// - Returns: N divergences.
  public static func between(_ logits: [Float], and reference: [Float], classes: Int) -> [Double] {
    precondition(
      logits.count == reference.count && logits.count.isMultiple(of: classes),
      "logits of the same images and classes are needed")
    return stride(from: 0, to: logits.count, by: classes).map { start in
      Softmax(reference[start..<start + classes])
        .divergence(of: Softmax(logits[start..<start + classes]))
    }
  }
}
