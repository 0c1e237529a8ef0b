import DFQGraph
package import DFQTensor

/// Which convolutions of a plan are computed by Winograd's algorithm, and where their transformed
/// weights lie.
package struct WinogradPlan {
  /// One convolution.
  package struct Entry {
    package let tile: Int
    /// Offsets of the transformed weights of the forward convolution and of the data gradient.
    let forward: Int
    let gradient: Int
    /// Whether several images are computed at a time: where an image has so few tiles that reading
    /// the weights would take longer than using them.
    package let isGrouped: Bool
    /// The tiles of an image.
    let tiles: Int
    /// Floats of the transformed weights of the forward convolution.
    let weights: Int

    /// The same for images that are computed one at a time: in smaller tiles where reading the
    /// weights takes longer than using them, because smaller tiles have fewer.
    var singleImage: Entry {
      guard tile > 2, tiles < 8, weights > WinogradPlan.heavyFloats else { return self }
      return Entry(
        tile: 2, forward: forward, gradient: gradient, isGrouped: isGrouped, tiles: tiles,
        weights: weights)
    }
  }

  /// By position in the plan's steps.
  package private(set) var entries: [Entry?]
  /// Floats of all transformed weights.
  private(set) var weightCount = 0
  /// Floats of scratch.
  private(set) var scratchCount = 0
  /// Whether any convolution is grouped.
  var hasGroups: Bool { entries.contains { $0?.isGrouped == true } }

  /// Whether any convolution is computed in another way where images are computed one at a time.
  var differsForSingleImage: Bool {
    entries.contains { $0.map { $0.singleImage.tile != $0.tile } == true }
  }

  func isGrouped(_ position: Int) -> Bool { entries[position]?.isGrouped == true }

  /// The images that are computed together, at most.
  ///
  /// With four images, the values of inference of a CIFAR network just fit the second-level cache;
  /// with two, the values that a backward pass reads again soon do. Where weights are many, more
  /// images share the reading of weights.
  package var groupLimit: GroupLimit {
    isHeavy
      ? GroupLimit(
        inference: WinogradPlan.most, near: WinogradPlan.most, coupled: WinogradPlan.most,
        training: WinogradPlan.most)
      : GroupLimit(inference: 4, near: 2, coupled: 2, training: WinogradPlan.most)
  }

  /// The images of a group, at most.
  package struct GroupLimit {
    /// In passes without gradients.
    package let inference: Int
    /// In passes that compute each group forward and backward before the next.
    let near: Int
    /// In passes that wait for the batch once.
    let coupled: Int
    /// In passes that wait for it at every batch norm.
    let training: Int

    static let single = GroupLimit(inference: 1, near: 1, coupled: 1, training: 1)

    /// The images that a thread has memory for; in training every image has its own.
    func memory(coupled isCoupled: Bool) -> Int { isCoupled ? coupled : max(inference, near) }
  }
  private static let most = 8
  private var isHeavy: Bool {
    entries.contains { $0.map { $0.weights > WinogradPlan.heavyFloats } == true }
  }
  /// An image of at least as many tiles is computed without others.
  private static let fewTiles = 64
  /// Floats of transformed weights that are many times what stays in a core's cache.
  private static let heavyFloats = 1 << 22
  /// Fewer channels leave most of a vector empty.
  private static let leastChannels = 8

  package init(_ plan: Plan, context: ExecutionContext) {
    entries = [Entry?](repeating: nil, count: plan.steps.count)
    guard let limit = context.winogradTile else { return }
    for (position, step) in plan.steps.enumerated() {
      guard case .convolution(let step) = step.kind, WinogradPlan.suits(step) else { continue }
      let shape = step.shape
      let tile = min(shape.outputHeight, shape.outputWidth) < 4 ? 2 : limit
      let columns = (shape.outputWidth + tile - 1) / tile
      let rows = (shape.outputHeight + tile - 1) / tile
      let isGrouped = rows * columns < WinogradPlan.fewTiles
      let kernels = context.kernels
      let (inputs, outputs) = (shape.inputChannels, shape.outputChannels)
      func take(inputChannels: Int, outputChannels: Int) -> Int {
        let offset = weightCount
        weightCount += aligned(
          kernels.winogradWeightCount(
            tile: tile, inputChannels: inputChannels, outputChannels: outputChannels))
        return offset
      }
      for images in 1...(isGrouped ? WinogradPlan.most : 1) {
        scratchCount = max(
          scratchCount, kernels.winogradScratchCount(tile: tile, shape, images: images))
      }
      let forward = take(inputChannels: inputs, outputChannels: outputs)
      let weights = weightCount - forward
      entries[position] = Entry(
        tile: tile, forward: forward,
        gradient: take(inputChannels: outputs, outputChannels: inputs), isGrouped: isGrouped,
        tiles: rows * columns, weights: weights)
      let singleImage = entries[position]!.singleImage
      scratchCount = max(
        scratchCount, kernels.winogradScratchCount(tile: singleImage.tile, shape, images: 1))
    }
    scratchCount = aligned(scratchCount)
  }

  private static func suits(_ step: ConvolutionStep) -> Bool {
    let shape = step.shape
    return step.style == .dense && shape.kernelHeight == 3 && shape.kernelWidth == 3
      && shape.strideHeight == 1 && shape.strideWidth == 1 && shape.padTop <= 2
      && shape.padLeft <= 2 && min(shape.inputChannels, shape.outputChannels) >= leastChannels
      && min(shape.outputHeight, shape.outputWidth) >= 2
  }
}
