/// What an integer network did with one image.
public struct Prediction: Sendable, Equatable {
  /// The class with the largest logit; the first of several.
  public let classIndex: Int
  /// The class's name, where the network knows names.
  public let className: String?
  /// The logits, C.
  public let logits: [Float]
  /// The bits of each quantized output in the last pass, in the order of
  /// ``IntegerNetwork/quantizedOutputs``; those of the last level in a cascade.
  public let bits: [Int]
  /// The number of passes through a network, all levels counted.
  public let passes: Int
  /// The position of the last level of a cascade that computed the image; 0 without a cascade.
  public let level: Int
}

/// What an integer network did with a batch of images.
///
/// Pass one to ``Predictor/predict(pixels:count:into:)`` again and again: its memory is kept.
public struct Predictions: Sendable, Equatable {
  /// The number of classes C.
  public internal(set) var classCount = 0
  /// The logits, N C.
  public internal(set) var logits: [Float] = []
  /// The class of each image.
  public internal(set) var classIndices: [Int] = []
  /// The number of passes of each image.
  public internal(set) var passes: [Int] = []
  /// The last level of each image.
  public internal(set) var levels: [Int] = []
  /// The bits of the quantized outputs of each image, `outputCount` an image; as many as the level
  /// with the most has, 0 beyond those of the image's last level.
  public internal(set) var bits: [UInt8] = []
  /// The distance between the bits of neighbouring images.
  public internal(set) var outputCount = 0
  var classNames: [String] = []
  /// The number of quantized outputs of each level.
  var levelOutputCounts: [Int] = []

  /// Makes an empty batch.
  public init() {}

  /// The number of images.
  public var count: Int { classIndices.count }

  /// One image of the batch.
  public subscript(image: Int) -> Prediction {
    let outputs = levelOutputCounts[levels[image]]
    let start = image * outputCount
    return Prediction(
      classIndex: classIndices[image],
      className: classNames.isEmpty ? nil : classNames[classIndices[image]],
      logits: Array(logits[image * classCount..<(image + 1) * classCount]),
      bits: bits[start..<start + outputs].map { Int($0) }, passes: passes[image],
      level: levels[image])
  }

  /// Makes room for a batch; keeps the memory of the last one.
  mutating func prepare(count: Int, network: IntegerNetwork) {
    func resize<Element>(_ list: inout [Element], _ count: Int, _ zero: Element) {
      if list.count > count { list.removeLast(list.count - count) }
      while list.count < count { list.append(zero) }
    }
    classCount = network.classCount
    outputCount = network.storage.outputCount
    classNames = network.classNames
    levelOutputCounts = network.storage.levelOutputCounts
    resize(&logits, count * classCount, 0)
    resize(&classIndices, count, 0)
    resize(&passes, count, 0)
    resize(&levels, count, 0)
    resize(&bits, count * outputCount, 0)
  }
}
