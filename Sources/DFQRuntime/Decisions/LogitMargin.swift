/// How sure an answer is.
package enum LogitMargin {
  /// The largest value less the second largest; infinite for fewer than two.
  package static func of(_ logits: some Collection<Float>) -> Float {
    var (first, second) = (-Float.infinity, -Float.infinity)
    for value in logits {
      if value > first {
        (first, second) = (value, first)
      } else if value > second {
        second = value
      }
    }
    return first - second
  }
}
