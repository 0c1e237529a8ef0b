/// Which steps are computed for a group of images before the next step.
///
/// An image's values stay in a processor's own cache from step to step, so that early steps go image by image. Late steps have
/// more weights than values, and Winograd's algorithm has almost twice as many as the layer: there the weights of one step stay,
/// for all images of a group. Without groups, those of ResNet-18 come from memory for every image.
enum ImageGrouping {
  /// The images of a group.
  static let size = 4

  /// The bytes of Winograd's weights that are worth a group's memory. (Groups gain nothing where all layers run directly.)
  private static let least = 1 << 16

  /// The first step from which on no step reads and writes more values than it has weights; the number of steps where the
  /// steps from there on have too few weights for Winograd's algorithm, whose bytes are `winogradByteCounts`.
  static func start(_ program: IntegerProgram, winogradByteCounts: [Int]) -> Int {
    var start = program.operations.count
    var bytes = 0
    for index in program.operations.indices.reversed() {
      let operation = program.operations[index]
      let weights = operation.storedWeightCount
      // Pooling and the like belong to the steps around them.
      guard weights > 0 else { continue }
      let values =
        program.values[operation.input].shape.count + program.values[index + 1].shape.count
      guard weights >= values else { break }
      start = index
      bytes += winogradByteCounts[index]
    }
    return bytes >= least ? start : program.operations.count
  }
}

/// Images 0 ..< images in groups of nearly equal size, as many for each thread, the larger ones first.
struct ImageGroups {
  let images: Int
  let count: Int

  /// - Parameters:
  ///   - images: The number of images.
  ///   - size: The largest size of a group.
  ///   - threads: The number of threads that take groups.
  init(images: Int, size: Int, threads: Int) {
    self.images = images
    let each = (images + threads - 1) / threads
    count = min(images, (each + size - 1) / size * threads)
  }

  subscript(group: Int) -> Range<Int> {
    let (size, larger) = images.quotientAndRemainder(dividingBy: count)
    let start = group * size + min(group, larger)
    return start..<start + size + (group < larger ? 1 : 0)
  }
}
