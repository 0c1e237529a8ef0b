import DynaDFQ

/// What a student or a cascade costs on each model of hardware, beside the static student of uniform bits
/// whose BitOPs are nearest.
struct HardwareReport: Encodable {
  /// One model at one batch size.
  struct Row: Encodable {
    var hardware: String
    var batch: Int
    var bitOPs: Double
    /// Seconds from the first image of a batch to its last answer.
    var latency: Double
    /// The same where every image takes every pass.
    var longestLatency: Double
    var secondsPerImage: Double
    var computeSecondsPerImage: Double
    var memorySecondsPerImage: Double
    var stallSecondsPerImage: Double
    var utilization: Double
    var energyPerImage: Double?
    /// Whether all weights stay on the chip.
    var isResident: Bool
    /// Bytes of an image.
    var traffic: Traffic
    /// Bytes of an image from and to DRAM and on the chip.
    var memoryBytes: Double
    var cacheBytes: Double
    /// The share of the selector in BitOPs and in time, nil without a selector.
    var selectorShare: Share?
    /// How many times that of the static student.
    var ratio: Ratio
    var layers: [LayerCost]?
  }

  struct Share: Encodable {
    var bitOPs: Double
    var seconds: Double
    var bytes: Double
  }

  struct Ratio: Encodable {
    var bitOPs: Double
    var seconds: Double
    var memoryBytes: Double
    var energy: Double?
  }

  /// What was costed, and what it is compared with.
  var subject: String
  var reference: String
  var models: [HardwareModel]
  var rows: [Row]

  init(_ student: QuantizedNetwork, options: HardwareOptions) throws {
    try Demand.absent("--continuing", options.continuing != nil, "on a student")
    let (bits, words) = try options.bits(student)
    try self.init(
      subject: HardwareReport.words(student) + words, network: student, withWeights: false,
      showsLayers: options.layers
    ) { try student.hardwareCost(on: $0, batch: $1, bits: bits) }
  }

  init(_ cascade: StudentCascade, options: HardwareOptions) throws {
    try Demand.absent("--mean-bits", options.meanBits != nil, "on a cascade")
    try Demand.absent("--bits-of", options.bitsOf != nil, "on a cascade")
    let shares = try options.shares() ?? cascade.shares
    try self.init(
      subject: "cascade of \(cascade.levels.map(HardwareReport.words).joined(separator: ", ")); "
        + shares.map { "\(Output.percent($0)) %" }.joined(separator: ", ") + " continue",
      network: cascade.levels[0], withWeights: true, showsLayers: options.layers
    ) { try cascade.hardwareCost(on: $0, batch: $1, continuing: shares) }
  }

  private init(
    subject: String, network: QuantizedNetwork, withWeights: Bool, showsLayers: Bool,
    cost: (HardwareModel, Int) throws -> NetworkCost
  ) throws {
    let models = HardwareModel.builtIn
    let bitOPs = try cost(models[0], 1).bitOPsPerImage
    let other = try network.staticStudent(nearestToBitOPs: bitOPs, withWeights: withWeights)
    self.subject = subject
    self.models = models
    reference = HardwareReport.words(other)
    rows = try models.flatMap { model in
      try [1, 64].map { batch in
        HardwareReport.row(
          try cost(model, batch), of: try other.hardwareCost(on: model, batch: batch),
          showsLayers: showsLayers)
      }
    }
  }

  private static func row(
    _ cost: NetworkCost, of other: NetworkCost, showsLayers: Bool
  ) -> Row {
    let count = Double(cost.batch)
    let (traffic, total) = (cost.trafficPerImage, cost.total)
    let selector = cost.layers.filter(\.isSelector)
    let selectorBytes = traffic.memorySelector + traffic.cacheSelector
    func share(_ value: (LayerCost) -> Double) -> Double {
      selector.reduce(0) { $0 + value($1) } / value(total)
    }
    return Row(
      hardware: cost.hardware, batch: cost.batch, bitOPs: cost.bitOPsPerImage,
      latency: cost.latency, longestLatency: cost.longestLatency,
      secondsPerImage: cost.secondsPerImage,
      computeSecondsPerImage: total.computeSeconds / count,
      memorySecondsPerImage: total.memorySeconds / count,
      stallSecondsPerImage: total.stallSeconds / count, utilization: cost.utilization,
      energyPerImage: cost.energyPerImage, isResident: cost.isResident, traffic: traffic,
      memoryBytes: traffic.memory, cacheBytes: traffic.cache,
      selectorShare: selector.isEmpty
        ? nil
        : Share(
          bitOPs: share(\.bitOPs), seconds: share(\.seconds),
          bytes: selectorBytes / (traffic.memory + traffic.cache)),
      ratio: Ratio(
        bitOPs: cost.bitOPsPerImage / other.bitOPsPerImage,
        seconds: cost.secondsPerImage / other.secondsPerImage,
        memoryBytes: traffic.memory / other.trafficPerImage.memory,
        energy: zip(cost.energyPerImage, other.energyPerImage).map { $0 / $1 }),
      layers: showsLayers ? cost.layers : nil)
  }

  private static func zip(_ first: Double?, _ second: Double?) -> (Double, Double)? {
    first.flatMap { first in second.map { (first, $0) } }
  }

  /// A student's widths, as tables name them: W4A4 or W4A{3,4,5}.
  static func words(_ student: QuantizedNetwork) -> String {
    let bits = student.quantizer.activationBits
    let list = bits.map(String.init).joined(separator: ",")
    let weights =
      student.quantizer.weightsFollowActivations ? "=A" : "\(student.quantizer.weightBits)"
    return "W\(weights)A" + (bits.count == 1 ? list : "{\(list)}")
      + (student.quantizer.overrides.isEmpty ? "" : " with rules")
  }
}
