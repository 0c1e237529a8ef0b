/// One pass of a network over some images: its layers and decisions, and the share of all images that take
/// it.
struct HardwarePass: Sendable {
  let layers: [LayerWork]
  let selectors: [SelectorWork]
  /// The share of the images of a batch.
  let share: Double
  /// Which set of weights it reads; passes of the same set share them.
  let weightSet: Int

  /// Bytes of all weights and the selector's parameters.
  func weightBytes(on model: HardwareModel) -> Double {
    layers.reduce(0) { $0 + $1.storedWeightBytes(on: model) }
      + selectors.reduce(0) { $0 + $1.parameterBytes }
  }
}

/// In what order a pass over a number of images uses the memory on the chip.
///
/// Images go through the network in groups, layer by layer, so that a layer's weights are read once for a
/// group. A layer whose weights and values of a group do not fit together reads and writes its values
/// through DRAM. Of all sizes of groups the plan takes the one with the least traffic with DRAM.
struct OnChipPlan: Sendable {
  /// The number of images in a group.
  let group: Int
  /// How often each layer is started: the number of groups.
  let sweeps: Int
  /// Whether each layer's values go through DRAM.
  let spills: [Bool]

  /// `resident` are the bytes of weights that stay on the chip for good, nil where they do not fit and
  /// each group reads them from DRAM.
  init(_ pass: HardwarePass, images: Int, model: HardwareModel, resident: Double?) {
    let capacity = Double(model.cacheBytes)
    let fits = pass.layers.map { layer in
      let live = layer.liveBytes(on: model)
      let free =
        capacity - (resident ?? layer.storedWeightBytes(on: model))
        - layer.waitingBytes(on: model)
      guard live > 0, live * Double(images) > free else { return images }
      return max(0, Int(free / live))
    }
    func memory(_ group: Int) -> Double {
      zip(pass.layers, fits).reduce(0) { sum, next in
        let (layer, fit) = next
        let weights =
          resident == nil
          ? layer.storedWeightBytes(on: model) * Double(OnChipPlan.sweeps(images, group)) : 0
        let values = layer.activationBytes(on: model) + 2 * layer.waitingBytes(on: model)
        return sum + weights + (fit < group ? Double(images) * values : 0)
      }
    }
    let sizes = Set(fits + [images]).filter { $0 > 0 }.sorted(by: >)
    let group = sizes.min { memory($0) < memory($1) } ?? images
    self.group = group
    sweeps = OnChipPlan.sweeps(images, group)
    spills = fits.map { $0 < group }
  }

  private static func sweeps(_ images: Int, _ group: Int) -> Int { (images + group - 1) / group }
}
