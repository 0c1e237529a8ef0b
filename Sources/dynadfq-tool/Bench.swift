import ArgumentParser
import DynaDFQ
import Foundation

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time an integer network: latency of one image, throughput of batches.",
    discussion: """
      Example: dynadfq bench model.dfq
               dynadfq bench model.dfq --against other.dfq
               dynadfq bench --network resnet18 --fully-quantized --against W8A8
               dynadfq bench --network resnet18 --fully-quantized --weight-bits 4 --activation-bits 4

      Without a file, a student of random weights is compiled: time depends on shapes and bits only. \
      --cascade W3A3,W5A5 --share 0.275 times two levels of which the second computes this share of \
      each batch. Bits may depend on the image: --data gives images as they will be, without it they are noise. --operations shows where the time of one image goes.
      """)

  @Argument(help: "An integer network that `compile` made.")
  var model: String?
  @Option(
    help:
      "Another integer network, or static bits for the same one such as W8A8 or W8A8:direct (no Winograd): both take turns, and the ratio of their speeds is told."
  )
  var against: String?
  @Option(help: "resnet20 (CIFAR), resnet18, efficientnet-lite0 or any architecture's name.")
  var network = "resnet20"
  @OptionGroup var quantizer: QuantizerOptions
  @Option(help: "Levels of a cascade, cheapest first, such as W3A3,W5A5.")
  var cascade: String?
  @Option(help: "The share of each batch that the cascade's second level computes.")
  var share = 0.25
  @Option(help: "Images of a call; several numbers are timed one after the other.")
  var batch = "1,16,256"
  @Option(help: "Real images to compute: \(DataOptions.forms). (default: noise)")
  var data: String?
  @Option(help: "How long each is repeated; at least 5 calls are timed, after 3 to warm up.")
  var seconds = 3.0
  @Flag(help: "Endings of layers in integers only, as hardware without floating point computes.")
  var fixedPoint = false
  @Flag(help: "No Winograd: less memory, and what its algorithms are worth.")
  var direct = false
  @Flag(help: "Show the time of every operation, for one image on one thread.")
  var operations = false
  @OptionGroup var options: RunOptions

  /// The times of one size of batch.
  struct Row: Encodable {
    var batch: Int
    var calls: Int
    /// Of a call, in milliseconds.
    var p50: Double
    var p95: Double
    var p99: Double
    var imagesPerSecond: Double
    var meanPasses: Double
    /// The mean activation bits of all quantized outputs, unweighted.
    var meanBits: Double
  }

  struct Summary: Encodable {
    var what: String
    /// The time to read or compile the network and pack its weights, in milliseconds.
    var preparation: Double
    var weightBytes: Int
    /// The bytes of the values of an image, read and written about once each.
    var valueBytes: Int
    /// The part of one image's time on one thread that the selector takes, 0...1.
    var selectorShare: Double
    var rows: [Row]
    /// With --operations.
    var operations: [IntegerProfile.Operation]?
    /// With --against.
    var comparisons: [Comparison]?
  }

  func validate() throws {
    try Demand.range("--seconds", seconds, Double.leastNormalMagnitude...86_400)
    try Demand.range("--share", share, 0...1)
    try Demand.absent("--allocate", quantizer.allocation.uniform != nil, "on random weights")
    if model != nil {
      try Demand.absent("--cascade", cascade != nil, "on an integer network's file")
    }
    _ = try batches()
  }

  private func batches() throws -> [Int] {
    let sizes = batch.split(separator: ",").map { Int($0) }
    guard !sizes.isEmpty, sizes.allSatisfy({ $0.map { 1...100_000 ~= $0 } == true }) else {
      throw ToolError.usage("--batch takes numbers in 1...100000 such as 1,16, found \"\(batch)\"")
    }
    return sizes.compactMap { $0 }
  }

  func run() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let context = options.context
    var integers = try integerNetwork(context)
    if direct { integers = try integers.withDirectConvolutions() }
    let preparation = Bench.milliseconds(clock.now - start)
    let other = try against.map { try otherNetwork($0, context) }
    if let other, other.imageShape != integers.imageShape {
      throw ToolError.usage(
        "--against takes a network for images \(integers.imageShape), found \(other.imageShape)")
    }
    let sizes = try batches()
    // Of real images as many that a small batch sees others in each call.
    let pixels = try pixels(max(sizes.max() ?? 1, data == nil ? 1 : 256), of: integers)
    let rows = try sizes.map { try time(integers, pixels: pixels, batch: $0) }
    let comparisons = try other.map { other in
      try sizes.map { try compare(integers, with: other, pixels: pixels, batch: $0) }
    }
    // As often as the times of batches are repeated, by their speed; more than that would not change the shortest times.
    let image = rows[0].p50 / Double(rows[0].batch * max(integers.levelCount, 1))
    let profile = try integers.profile(
      pixels: Array(pixels[..<integers.imageShape.count]),
      repetitions: Int(min(max(seconds * 1000 / image, 3), 200)))
    let summary = Summary(
      what: model ?? description, preparation: preparation, weightBytes: integers.packedByteCount,
      valueBytes: integers.valueByteCount, selectorShare: profile.selectorShare, rows: rows,
      operations: operations ? profile.operations : nil, comparisons: comparisons)
    if options.json { return try Output.json(summary, run: options, onOneLine: true) }
    try Output.line(
      "\(summary.what), \(context.pool.threads) threads, \(context.instructionSet), "
        + "prepared in \(Output.short(preparation)) ms, "
        + "\(Output.short(Double(summary.weightBytes) / 1024)) KiB of weights")
    try Output.table(
      ["batch", "images/s", "p50 ms", "p95 ms", "p99 ms", "passes", "bits"],
      rows.map { row in
        [
          "\(row.batch)", Output.short(row.imagesPerSecond), Output.fixed(row.p50, digits: 4),
          Output.fixed(row.p95, digits: 4), Output.fixed(row.p99, digits: 4),
          Output.fixed(row.meanPasses, digits: 2), Output.fixed(row.meanBits, digits: 2),
        ]
      })
    if profile.selectorShare > 0 {
      try Output.line(
        "The selector takes \(Output.fixed(100 * profile.selectorShare, digits: 1)) % of an image on one thread."
      )
    }
    if let comparisons, let against { try show(comparisons, against: against) }
    if operations { try show(profile) }
  }

  /// The time of each operation, on one thread.
  private func show(_ profile: IntegerProfile) throws {
    try Output.table(
      ["operation", "kernel", "us", "selector us", "%"],
      profile.operations.map { row -> [String] in
        let share = 100 * (row.microseconds + row.decision) / profile.total
        let decision = row.decision > 0 ? Output.fixed(row.decision, digits: 2) : ""
        return [
          row.name, row.kernel?.rawValue ?? "", Output.fixed(row.microseconds, digits: 2),
          decision, Output.fixed(share, digits: 1),
        ]
      })
  }

  private var description: String {
    cascade.map { "\(network), cascade \($0), \(share) of the images twice" }
      ?? "\(network) W\(quantizer.weightBits)"
  }

  /// The pixels of some images: of the data set, again and again where it has too few, or random ones.
  private func pixels(_ count: Int, of network: IntegerNetwork) throws -> [UInt8] {
    if let data {
      let images = try DataOptions.open(
        data, limit: count, imageShape: network.imageShape, classCount: network.classCount)
      return try (0..<count).flatMap { try images.image(at: $0 % images.count).pixels }
    }
    var stream = RandomStream(seed: options.seed, "pixels")
    return (0..<count * network.imageShape.count).map { _ in UInt8(stream.integer(below: 256)) }
  }

  private func time(_ network: IntegerNetwork, pixels: [UInt8], batch: Int) throws -> Row {
    let calls = BatchCalls(network, pixels: pixels, batch: batch)
    var call = 0
    func predict() throws {
      try calls.predict(call)
      call += 1
    }
    let times = try StepTimes(seconds: seconds) { steps, mark in
      for _ in 0..<steps {
        try predict()
        mark()
      }
    }
    var (bits, passes) = (0.0, 0)
    call = 0
    for _ in 0..<calls.batches {
      try predict()
      for image in 0..<batch {
        let own = calls.predictions[image].bits
        bits += own.isEmpty ? 0 : Double(own.reduce(0, +)) / Double(own.count)
      }
      passes += calls.predictions.passes.reduce(0, +)
    }
    let images = Double(batch)
    let all = images * Double(calls.batches)
    return Row(
      batch: batch, calls: times.count, p50: times.quantile(0.5), p95: times.quantile(0.95),
      p99: times.quantile(0.99), imagesPerSecond: images / times.quantile(0.5) * 1000,
      meanPasses: Double(passes) / all, meanBits: bits / all)
  }

  static func milliseconds(_ duration: Duration) -> Double {
    let (seconds, attoseconds) = duration.components
    return Double(seconds) * 1e3 + Double(attoseconds) * 1e-15
  }
}
