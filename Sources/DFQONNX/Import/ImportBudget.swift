/// Counts the numbers that are read and made while a graph is read: constants that are computed, and the parameters of layers.
///
/// A few bytes can ask for more than any machine has: one number repeated for each channel, a constant joined with itself again and
/// again, or taken as the weights of thousands of layers. A file may make some times as many numbers as it holds.
struct ImportBudget {
  /// How many numbers may be made in all.
  private(set) var allowed: Int
  private var spent = 0

  /// Allows some numbers beside a multiple of those that the file holds.
  init(_ allowed: Int = ONNXLimits.foldedElements) {
    self.allowed = min(max(allowed, 0), ONNXLimits.elements)
  }

  /// Counts numbers that the file holds.
  mutating func found(_ count: Int) { allowed += ONNXLimits.numbersForEach * count }

  /// Counts numbers that are made of others; false where they are too many.
  mutating func spend(_ count: Int) -> Bool {
    // Tensors have at most 2^31 elements, and a file less than 2^31 names of them.
    guard count <= allowed - spent else { return false }
    spent += count
    return true
  }
}
