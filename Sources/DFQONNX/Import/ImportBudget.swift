/// Counts the numbers that are read and made while a graph is read: constants that are computed, and the parameters of layers.
///
/// A few bytes can ask for more than any machine has: one number repeated for each channel, a constant joined with itself again and
/// again, or taken as the weights of thousands of layers. A file may make some times as many numbers as it holds, read as many again,
/// and give as many to layers.
struct ImportBudget {
  /// What numbers are counted for; each has a count of its own, so that a number that is made, read by a node and becomes a weight
  /// counts once.
  enum Use: CaseIterable {
    /// Constants that a node makes of others.
    case made
    /// Constants that nodes read.
    case read
    /// Parameters of layers.
    case parameters
  }

  /// How many elements one constant may have that a node makes.
  let largest: Int
  /// How many numbers each use may have in all.
  private(set) var allowed: Int
  private var spent: [Use: Int] = [:]

  /// Allows some numbers beside a multiple of those that the file holds.
  init(_ allowed: Int = ONNXLimits.foldedElements) {
    largest = min(max(allowed, 0), ONNXLimits.elements)
    self.allowed = largest
  }

  /// Counts numbers that the file holds.
  mutating func found(_ count: Int) { allowed += ONNXLimits.numbersForEach * count }

  /// Counts numbers of a use; false where they are too many.
  mutating func spend(_ count: Int, as use: Use) -> Bool {
    // Tensors have at most 2^31 elements, and a file less than 2^31 names of them.
    let spent = spent[use, default: 0]
    guard count <= allowed - spent else { return false }
    self.spent[use] = spent + count
    return true
  }
}
