/// What a layer with weights asks of hardware for one image.
struct LayerWork: Sendable {
  /// The widths of weights and input at which a share of the images is computed.
  struct Choice: Sendable {
    let share: Double
    let weightBits: Int
    let inputBits: Int
  }

  /// A value between layers.
  struct Value: Sendable {
    let elements: Int
    let bits: BitShares

    /// Mean bytes of an image.
    func bytes(on model: HardwareModel) -> Double {
      Double(elements) * bits.mean { Double(model.storedBits($0)) } / 8
    }
  }

  let name: String
  let macs: Int
  /// Products of one output element.
  let products: Int
  /// Output channels of a group.
  let outputs: Int
  let groups: Int
  /// Positions of the output map.
  let positions: Int
  let isDenseConvolution: Bool
  let weights: Int
  let choices: [Choice]
  /// The widths in which the weights are stored, each with the share of images that reads them.
  let weightWidths: BitShares
  /// Values read and written on the chip, up to the next layer with weights.
  let reads: [Value]
  let writes: [Value]
  /// Values that must be kept at the same time while the layer is computed.
  let live: [Value]
  /// The image, read from DRAM, or the logits, written to it.
  let external: [Value]
  /// Elements of the layer's map that wait for a decision about their own width.
  let waiting: Int

  /// Bytes of the weights at a width, with a scale and an offset of each output channel in float32.
  func weightBytes(_ bits: Int, on model: HardwareModel) -> Double {
    (Double(weights * model.storedBits(bits)) / 8).rounded(.up) + Double(8 * outputs * groups)
  }

  /// The bytes of all widths in which the weights are stored.
  func storedWeightBytes(on model: HardwareModel) -> Double {
    weightWidths.shares.keys.sorted().reduce(0) { $0 + weightBytes($1, on: model) }
  }

  /// Bytes of the values of each image of a group that must be on the chip at the same time.
  func liveBytes(on model: HardwareModel) -> Double {
    live.reduce(0) { $0 + $1.bytes(on: model) }
  }

  /// Mean bytes of an image's values that are read and written.
  func activationBytes(on model: HardwareModel) -> Double {
    (reads + writes).reduce(0) { $0 + $1.bytes(on: model) }
  }

  /// Bytes of values that wait for a decision in float32: those of one image of a group at a time.
  ///
  /// Hardware that packs would otherwise round them on their way to memory. Hardware that does not (this
  /// package) has all values in float32 anyway, which its traffic leaves out for all students alike.
  func waitingBytes(on model: HardwareModel) -> Double { model.packs ? Double(4 * waiting) : 0 }

  /// BitOPs of one image: MACs x weight bits x input bits.
  var bitOPs: Double {
    choices.reduce(0) { $0 + $1.share * Double(macs) * Double($1.weightBits * $1.inputBits) }
  }

  /// The expected number of different widths among `count` independent images.
  func widths(among count: Double) -> Double {
    choices.reduce(0) { $0 + (1 - power(1 - $1.share, count)) }
  }
}

/// What a decision inside a pass asks of hardware for one image.
struct SelectorWork: Sendable {
  let name: String
  /// The layer with weights that it follows.
  let layer: Int
  /// Operations on 8-bit values.
  let featureMACs: Int
  /// Operations in float32.
  let scoreMACs: Int
  /// Parameters and constants, in float32.
  let parameters: Int
  /// Values that statistics are taken of, one byte each.
  let samples: Int

  var parameterBytes: Double { Double(4 * parameters) }
  var bitOPs: Double { Double(featureMACs) * 64 + Double(scoreMACs) * 1024 }
}
