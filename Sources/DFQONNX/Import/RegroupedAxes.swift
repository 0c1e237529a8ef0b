/// The axes of a value in another shape: as they were, the channels taken apart into several axes, or put together again.
///
/// A channel shuffle is written in three nodes: N C H W becomes N G C/G H W, the two parts are swapped, and all become N C H W again.
/// The first two only change what axes are called here; the third one is a selection of channels.
struct RegroupedAxes {
  /// The axes; those of extent 1 are units.
  let axes: [Feature.Axis]
  /// The channel that each channel of the result is; empty where they keep their order.
  let indices: [Int]

  /// Finds the axes of a shape, all without the batch; nil where elements of several axes meet in one that aren't the channels' parts.
  init?(_ axes: [Feature.Axis], _ extents: [Int], as target: [Int]) {
    let own = axes.indices.filter { extents[$0] > 1 }
    let wanted = target.indices.filter { target[$0] > 1 }
    guard let groups = Self.groups(own.map { extents[$0] }, wanted.map { target[$0] }) else {
      return nil
    }
    var result = [Feature.Axis](repeating: .unit, count: target.count)
    var indices: [Int] = []
    for (from, to) in groups {
      let (group, places) = (own[from].map { axes[$0] }, Array(wanted[to]))
      if group.count == 1, places.count == 1 {
        result[places[0]] = group[0]
        continue
      }
      guard let order = Self.order(group) else { return nil }
      indices = order
      let parts = places.map { target[$0] }
      for (number, place) in places.enumerated() {
        result[place] = parts.count == 1 ? .channel : .part(number, parts)
      }
    }
    self.axes = result
    self.indices = indices
  }

  /// Puts the parts of channels together that are side by side; nil where others are between them.
  init?(joining axes: [Feature.Axis]) {
    func isPart(_ axis: Feature.Axis) -> Bool { if case .part = axis { true } else { false } }
    guard let first = axes.firstIndex(where: isPart) else {
      self.axes = axes
      indices = []
      return
    }
    let run = Array(axes[first...].prefix(while: isPart))
    guard let order = Self.order(run) else { return nil }
    self.axes = axes[..<first] + [.channel] + axes[(first + run.count)...]
    indices = order
  }

  /// The order of the channels in axes that are all of them; empty where it is the old one, nil where these are other axes.
  private static func order(_ axes: [Feature.Axis]) -> [Int]? {
    if axes == [.channel] { return [] }
    guard case .part(_, let extents)? = axes.first, axes.count == extents.count else { return nil }
    let numbers = axes.compactMap { axis in
      if case .part(let number, _) = axis { number } else { nil }
    }
    guard numbers.count == axes.count else { return nil }
    return numbers == Array(extents.indices) ? [] : ONNXTensor.places(extents, numbers)
  }

  /// Which extents of two lists together are as many elements, in order; nil where they can't be paired.
  private static func groups(_ first: [Int], _ second: [Int]) -> [(Range<Int>, Range<Int>)]? {
    var result: [(Range<Int>, Range<Int>)] = []
    var (i, j) = (0, 0)
    while i < first.count, j < second.count {
      let start = (i, j)
      var (a, b) = (first[i], second[j])
      (i, j) = (i + 1, j + 1)
      while a != b {
        if a < b, i < first.count {
          a *= first[i]
          i += 1
        } else if b < a, j < second.count {
          b *= second[j]
          j += 1
        } else {
          return nil
        }
      }
      result.append((start.0..<i, start.1..<j))
    }
    return i == first.count && j == second.count ? result : nil
  }
}
