public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Images whose statistics match the teacher's batch norm, one by one and without labels (Cai et al.,
/// "ZeroQ: A Novel Zero Shot Quantization Framework", CVPR 2020).
///
/// The loss of an image x is, over all batch norms i and the input i = 0, the sum over channels of
/// (mu_i(x) - mu_i)^2 + (sigma_i(x) - sigma_i)^2, where mu_i(x) and sigma_i(x) are the image's own mean
/// and standard deviation before batch norm i, mu_i and sigma_i are what batch norm remembers, and those
/// of the input are 0 and 1. The images are stored with the teacher's predictions.
///
/// ZeroQ's search for mixed precision is `BitSensitivity` with `BitFrontier`.
public struct ZeroQ: SynthesisMethod, Hashable {
  /// The method's name in files.
  public static let kind = "zeroq"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "Every image on its own has the mean and deviation of batch norm; no labels.",
    reference: .init("Cai et al.", "ZeroQ: A Novel Zero Shot Quantization Framework", "CVPR", 2020),
    formula: "sum over layers and channels of (mu(x) - mu)^2 + (sigma(x) - sigma)^2", page: "ZeroQ",
    notes: [
      "The published run makes 64 images to calibrate ranges; training needs more: count."
    ])

  /// The official code's starting images.
  public static var variants: [String: ZeroQ] { ["officialCode": ZeroQ(source: .officialCode)] }

  /// The published run, or the amounts of ``SoftLabelMethod``; no image is cropped or dropped.
  public static func work(_ preset: WorkPreset) -> Synthesizer.Configuration {
    preset == .full ? publishedRun : run(like: preset.synthesis.run)
  }

  /// Which starting images: standard normal noise as published, or those of the official code, whole
  /// numbers -127.5...126.5 over 5418.75, the variance of 8-bit noise where its root was meant: all
  /// within 0.024 of 0.
  public var source: MethodSource
  /// The factor of the loss on statistics.
  public var statisticsWeight: Float

  /// Makes the method.
  public init(source: MethodSource = .published, statisticsWeight: Float = 1) {
    self.source = source
    self.statisticsWeight = statisticsWeight
  }

  /// The published settings for CIFAR-10.
  public static let cifar = ZeroQ()
  /// The published settings for ImageNet, which are the same.
  public static let imageNet = ZeroQ()

  /// The published run: one batch of 64 images.
  public static let publishedRun = run(
    like: .init(count: 64, imagesPerBatch: 64, steps: 500, learningRate: 0.5, patience: 100))

  /// The settings of a run with the amounts of another, that neither crops nor drops an image.
  public static func run(like other: Synthesizer.Configuration) -> Synthesizer.Configuration {
    var run = other
    run.dropUnfaithful = false
    run.augmentation = .never
    return run
  }

  /// Checks the settings and that the network has batch norm and finite weights.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers` and
  ///   `NetworkError.notFinite`.
  public func check(_ network: Network) throws {
    try Self.demandNotNegative([(statisticsWeight, "a BN statistics weight")])
    try network.checkTeacher()
  }

  /// The losses on statistics, without labels.
  public func targets(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> StatisticsTargets {
    StatisticsTargets(
      statistics: try batch.network.batchNormStatistics(
        comparison: .imageDeviation, weight: statisticsWeight))
  }

  /// The losses on statistics.
  public func objectives(
    step: Int, targets: StatisticsTargets, batch: SynthesisBatch
  ) -> SynthesisObjectives {
    SynthesisObjectives(moments: targets.statistics)
  }

  /// Standard normal noise, or that of the official code.
  public func startingImages(_ batch: SynthesisBatch, stream: inout RandomStream) -> Tensor {
    Self.startingImages(batch.shape, source: source, stream: &stream)
  }

  /// No crops, unless the run asks for them.
  public func transform(
    step: Int, batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageTransform)? { try Self.cropsOnRequest(batch, &stream) }

  /// The starting images of ZeroQ and of what is built on its code.
  static func startingImages(
    _ shape: Shape, source: MethodSource, stream: inout RandomStream
  ) -> Tensor {
    switch source {
    case .published: Tensor(shape: shape, elements: stream.normals(shape.count))
    case .officialCode:
      Tensor(
        shape: shape,
        elements: (0..<shape.count).map { _ in
          (Float(stream.integer(below: 255)) - 127.5) / 5418.75
        })
    }
  }
}
